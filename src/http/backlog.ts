import { hasQueuedJobs } from '../db/backlog.ts';
import type { Trx } from '../db/database.ts';
import { ApiError } from '../domain/errors.ts';

const lookEveryMs = 1_000;
const retryAfterS = 30;

/**
 * Tells whether so many jobs are queued in all. It goes by what was seen last and never waits: jobs are counted
 * beside the requests, at most once a second and only while some come, so that the limit is passed by a second's worth.
 */
export function backlogLimit(database: Trx, queuedJobsMax: number): () => boolean {
  let isFull = false;
  let lookAgainAt = 0;
  return () => {
    if (lookAgainAt <= performance.now()) {
      lookAgainAt = performance.now() + lookEveryMs;
      hasQueuedJobs(database, queuedJobsMax).then(
        (answer) => {
          isFull = answer;
        },
        () => undefined, // what keeps this from being counted keeps jobs from being accepted, and is told there
      );
    }
    return isFull;
  };
}

/** While too many jobs are queued. */
export const backlogFull = (): ApiError =>
  new ApiError('UNAVAILABLE', 'Too many jobs are queued; try again later.', {
    headers: { 'Retry-After': String(retryAfterS) },
  });
