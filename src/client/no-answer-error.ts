/**
 * No answer came, in none of the tries. If it was a change, whether it was made is not known: call again with this
 * `idempotencyKey` and the same arguments, and it is made once.
 */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  /** The key that the change was sent with; null for a read. */
  readonly idempotencyKey: string | null;

  /** `cause` is what the last try ended with. */
  constructor(message: string, { idempotencyKey, cause }: { idempotencyKey: string | null; cause: unknown }) {
    super(message, { cause });
    this.idempotencyKey = idempotencyKey;
  }
}
