import { moveInfluencer } from '../src/db/influencers.ts';
import { endJob, lockRunningJob } from '../src/db/jobs.ts';
import type { JobAttempt } from '../src/domain/job.ts';
import type { ActivityDeps } from './deps.ts';

/** Ends a job as canceled, in one transaction with its influencer. Safe to repeat: an attempt that has ended is left alone. */
export const cancelJob =
  ({ database, newId }: ActivityDeps) =>
  (ref: JobAttempt): Promise<void> =>
    database.transaction(async (trx) => {
      const job = await lockRunningJob(trx, ref);
      if (job === undefined) return;
      await moveInfluencer(trx, job, 'failed', 'The job was canceled before all images were rendered.');
      await endJob(trx, job, { status: 'canceled' }, newId());
    });
