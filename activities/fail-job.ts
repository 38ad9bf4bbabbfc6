import { moveInfluencer } from '../src/db/influencers.ts';
import { endJob, lockRunningJob } from '../src/db/jobs.ts';
import type { JobError } from '../src/domain/errors.ts';
import type { JobAttempt } from '../src/domain/job.ts';
import type { ActivityDeps } from './deps.ts';

/** Ends a job and its influencer as failed, in one transaction. Safe to repeat: an attempt that has ended is left alone. */
export const failJob =
  ({ database, newId }: ActivityDeps) =>
  ({ error, ...ref }: JobAttempt & { error: JobError }): Promise<void> =>
    database.transaction(async (trx) => {
      const job = await lockRunningJob(trx, ref);
      if (job === undefined) return;
      const isThere = await moveInfluencer(trx, job, 'failed', error.message);
      await endJob(trx, job, isThere ? { status: 'failed', error } : { status: 'canceled' }, newId());
    });
