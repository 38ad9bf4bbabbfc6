import { moveInfluencer } from '../src/db/influencers.ts';
import { endJob, lockRunningJob, moveJob } from '../src/db/jobs.ts';
import { progressOf, type JobAttempt } from '../src/domain/job.ts';
import type { ActivityDeps } from './index.ts';

/**
 * Ends a job as completed and its influencer as ready, in one transaction. Safe to repeat: an attempt that has ended is
 * left alone.
 */
export const publishInfluencer =
  ({ database, newId }: ActivityDeps) =>
  async (ref: JobAttempt): Promise<void> => {
    // A transaction of its own: from here on a caller is told that it is too late to cancel.
    await database.transaction(async (trx) => {
      const job = await lockRunningJob(trx, ref);
      if (job === undefined || job.stage === 'finalizing') return;
      await moveJob(trx, job, { stage: 'finalizing', progress: progressOf('finalizing', job) }, { id: newId() });
    });
    await database.transaction(async (trx) => {
      const job = await lockRunningJob(trx, ref);
      if (job === undefined) return;
      await moveInfluencer(trx, job, 'ready');
      await endJob(trx, job, { status: 'completed' }, newId());
    });
  };
