/** What a user reads who called a command as it cannot be called: a sentence, printed without a stack, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
