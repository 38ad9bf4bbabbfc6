// What the reconciler looks for, and how it sends a job back to the outbox.

import type { JobAttempt, StopReason } from '../domain/job.ts';
import { query, type Trx } from './database.ts';
import { stopReasonSql } from './job-moves.ts';

/** Where a page of jobs ends. */
interface Place {
  organizationId: string;
  influencerId: string;
}

/** A job that was started and does not move. */
export interface StillJob extends JobAttempt, Place {
  /** How often it was started anew. */
  restarts: number;
  stopReason: StopReason | null;
  /** Whether it should have stopped five minutes ago. */
  isLongOverdue: boolean;
}

/** Finds jobs that were started and have not moved for ten seconds, page by page: those behind `after`. */
export async function findStillJobs(trx: Trx, after: Place | null, limit: number): Promise<StillJob[]> {
  return query<StillJob>(
    trx,
    `select id as "jobId", attempt, organization_id as "organizationId", influencer_id as "influencerId", restarts,
            ${stopReasonSql} as "stopReason",
            coalesce(least(cancel_requested_at, timed_out_at) < now() - interval '5 minutes', false) as "isLongOverdue"
     from jobs
     where status = 'running' and dispatched_at < now() - interval '10 seconds'
       and updated_at < now() - interval '10 seconds'
       ${after === null ? '' : 'and (organization_id, influencer_id) > (:organizationId, :influencerId)'}
     order by organization_id, influencer_id
     limit :limit`,
    { limit, ...after },
  );
}

/** Puts an attempt back into the outbox: its workflow is started anew, draws what is missing, and has all the time of an attempt. */
export async function restartAttempt(trx: Trx, { jobId, attempt }: JobAttempt): Promise<void> {
  await query(
    trx,
    `update jobs set dispatched_at = null, claimed_until = null, rendering_at = null, attempt_at = now(),
         restarts = restarts + 1
     where id = :jobId and attempt = :attempt and status = 'running' and dispatched_at is not null`,
    { jobId, attempt },
  );
}

/** Finds attempts whose time is up: so many minutes after their first drawing began, or 24 hours after they were accepted where none did. */
export async function findOverdueJobs(trx: Trx, timeoutMinutes: number, limit: number): Promise<JobAttempt[]> {
  return query<JobAttempt>(
    trx,
    `select id as "jobId", attempt from jobs
     where status = 'running' and cancel_requested_at is null and timed_out_at is null
       and case when rendering_at is null then attempt_at < now() - interval '24 hours'
                else rendering_at < now() - make_interval(mins => :timeoutMinutes) end
     limit :limit`,
    { timeoutMinutes, limit },
  );
}
