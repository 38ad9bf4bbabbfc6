/** What a user reads when a start cannot go on: one sentence with what is wrong and what to do; printed without a stack, exit code 1. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The code of a Node.js system error (`ENOENT`, `EEXIST` …), if it is one. */
export const systemCodeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
