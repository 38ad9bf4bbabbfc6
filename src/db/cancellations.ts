// The jobs table is the outbox of cancellations too: what is to be stopped is stored first, and Temporal is told until it took it.

import type { JobAttempt, StopReason } from '../domain/job.ts';
import { query, type Trx } from './database.ts';

/**
 * Stores that the workflow of a locked job is to be canceled; the process that stores it has five seconds to do so, then any
 * dispatcher does. With a reason, the attempt is never finalized from now on.
 */
export async function orderCancellation(trx: Trx, { jobId, attempt }: JobAttempt, reason?: StopReason): Promise<void> {
  await query(
    trx,
    `update jobs
     set cancellation_undelivered = true, cancellation_claimed_until = now() + interval '5 seconds',
         cancel_requested_at = case when :reason = 'canceled' then coalesce(cancel_requested_at, now()) else cancel_requested_at end,
         timed_out_at = case when :reason = 'timed_out' then coalesce(timed_out_at, now()) else timed_out_at end
     where id = :jobId and attempt = :attempt`,
    { jobId, attempt, reason: reason ?? null },
  );
}

/** Claims undelivered cancellations for five seconds, at most `limit`. */
export async function claimCancellations(trx: Trx, limit: number): Promise<JobAttempt[]> {
  return query<JobAttempt>(
    trx,
    `update jobs set cancellation_claimed_until = now() + interval '5 seconds'
     where id in (
       select id from jobs
       where cancellation_undelivered and (cancellation_claimed_until is null or cancellation_claimed_until < now())
       order by id limit :limit
       for update skip locked
     )
     returning id as "jobId", attempt`,
    { limit },
  );
}

/** Marks a cancellation as delivered; does nothing when a later attempt has begun since. */
export async function markCancellationDelivered(trx: Trx, { jobId, attempt }: JobAttempt): Promise<void> {
  await query(
    trx,
    `update jobs set cancellation_undelivered = false, cancellation_claimed_until = null
     where id = :jobId and attempt = :attempt`,
    { jobId, attempt },
  );
}
