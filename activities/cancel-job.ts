import { stopLockedJob } from '../src/db/end-of-job.ts';
import { lockRunningJob } from '../src/db/job-moves.ts';
import type { JobAttempt } from '../src/domain/job.ts';
import type { ActivityDeps } from './deps.ts';
import { sweepAttempt } from './sweep-attempt.ts';

/**
 * Ends a job that is stopped, in one transaction with its influencer: as canceled, or as failed where its time is up. Then
 * removes what was drawn and not recorded. Safe to repeat: an attempt that has ended is left alone.
 */
export const cancelJob =
  ({ database, storage, newId }: ActivityDeps) =>
  async (ref: JobAttempt): Promise<void> => {
    await database.transaction(async (trx) => {
      const job = await lockRunningJob(trx, ref);
      if (job !== undefined) await stopLockedJob(trx, job, newId());
    });
    await sweepAttempt({ database, storage }, ref);
  };
