import { failLockedJob } from '../src/db/end-of-job.ts';
import { lockRunningJob } from '../src/db/job-moves.ts';
import type { JobError } from '../src/domain/errors.ts';
import type { JobAttempt } from '../src/domain/job.ts';
import type { ActivityDeps } from './deps.ts';
import { sweepAttempt } from './sweep-attempt.ts';

/**
 * Ends a job and its influencer as failed, in one transaction, then removes what was drawn and not recorded. Safe to repeat: an
 * attempt that has ended is left alone.
 */
export const failJob =
  ({ database, storage, newId }: ActivityDeps) =>
  async ({ error, ...ref }: JobAttempt & { error: JobError }): Promise<void> => {
    await database.transaction(async (trx) => {
      const job = await lockRunningJob(trx, ref);
      if (job !== undefined) await failLockedJob(trx, job, error, newId());
    });
    await sweepAttempt({ database, storage }, ref);
  };
