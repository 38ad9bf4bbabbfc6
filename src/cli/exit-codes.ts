/** What a command for callers ends with, so that programs need not read its words. */
export const exitCodes = { done: 0, failed: 1, usage: 2, refused: 3, stillRunning: 4 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodesHelp = `
Exit codes: 0 done, 1 failed (the job, or no answer came), 2 not called as it should be, 3 refused by the API,
4 the job still runs (what is said on stderr goes on watching it).`;
