// A job that does not complete ends together with its influencer, in one transaction.

import type { JobError } from '../domain/errors.ts';
import { canceledMessage, outsideFailure } from '../domain/job.ts';
import type { Trx } from './database.ts';
import { moveInfluencer } from './influencers.ts';
import { endJob, type EndableJob } from './job-moves.ts';

/** Ends a locked job as failed; as canceled where that was asked for, or where its influencer is deleted. */
export async function failLockedJob(trx: Trx, job: EndableJob, error: JobError, eventId: string): Promise<void> {
  if (job.stopReason === 'canceled') return stopLockedJob(trx, job, eventId);
  const isThere = await moveInfluencer(trx, job, 'failed', error.message);
  await endJob(trx, job, isThere ? { status: 'failed', error } : { status: 'canceled' }, eventId);
}

/** Ends a locked job that is to be stopped: as timed out where that is why, else as canceled. */
export async function stopLockedJob(trx: Trx, job: EndableJob, eventId: string): Promise<void> {
  if (job.stopReason === 'timed_out') return failLockedJob(trx, job, outsideFailure('TIMED_OUT'), eventId);
  await moveInfluencer(trx, job, 'failed', canceledMessage);
  await endJob(trx, job, { status: 'canceled' }, eventId);
}
