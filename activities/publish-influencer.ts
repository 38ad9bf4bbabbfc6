import { stopLockedJob } from '../src/db/end-of-job.ts';
import { moveInfluencer } from '../src/db/influencers.ts';
import { endJob, finalizeJob, lockRunningJob } from '../src/db/job-moves.ts';
import type { JobAttempt } from '../src/domain/job.ts';
import type { ActivityDeps } from './deps.ts';

/**
 * Ends a job as completed and its influencer as ready, in one transaction; one that is to be stopped ends so
 * instead. Safe to repeat: an attempt that has ended is left alone.
 */
export const publishInfluencer =
  ({ database, newId }: ActivityDeps) =>
  async (ref: JobAttempt): Promise<'published' | 'stopped'> => {
    // A commit of its own: from here on a caller is told that it is too late to cancel.
    await finalizeJob(database, ref, newId());
    return database.transaction(async (trx) => {
      const job = await lockRunningJob(trx, ref);
      if (job === undefined) return 'published';
      if (job.stopReason !== null && job.stage !== 'finalizing') {
        await stopLockedJob(trx, job, newId());
        return 'stopped';
      }
      const isThere = await moveInfluencer(trx, job, 'ready');
      // Deleted: its job was canceled with it, as far as callers are concerned.
      await endJob(trx, job, { status: isThere ? 'completed' : 'canceled' }, newId());
      return 'published';
    });
  };
