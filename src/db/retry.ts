// A retry is the next attempt of the same job: what was rendered stays, what is missing is drawn again, from the job's own input.

import type { Dispatch } from './dispatch.ts';
import { query, type Trx } from './database.ts';
import { queuedJobsSql, takenPlacesSql } from './job-limits.ts';
import { announceSql, eventBindings, eventSql, type LockedJob } from './job-moves.ts';

interface Retry {
  eventId: string;
  /** How many jobs of the organization may be queued and may run: `queuedJobsLimits`, `runningJobsLimits`. */
  queuedLimit: number;
  runningLimit: number;
}

export interface RetriedJob extends Omit<Dispatch, 'tier' | 'hasWaited'> {
  startedAt: Date;
  /** Whether its turn is now; see `AcceptedJob`. */
  mayStart: boolean;
}

/** Begins the next attempt of a locked job that has failed or was canceled; undefined where too many are queued. */
export async function retryLockedJob(
  trx: Trx,
  { organizationId, jobId }: LockedJob,
  { eventId, queuedLimit, runningLimit }: Retry,
): Promise<RetriedJob | undefined> {
  const rows = await query<RetriedJob>(
    trx,
    `with turn as materialized (
       select ${queuedJobsSql(':organizationId', ':queuedLimit')} >= :queuedLimit as is_full,
              ${takenPlacesSql(':organizationId', ':runningLimit')} < :runningLimit as may_start
     ),
     moved as (
       update jobs
       set status = 'running', stage = 'queued', progress = 0, attempt = attempt + 1, attempt_at = now(), error = null,
           rendering_at = null, finished_at = null, dispatched_at = null,
           claimed_until = case when may_start then now() + interval '5 seconds' end,
           cancel_requested_at = null, timed_out_at = null, cancellation_undelivered = false, restarts = 0,
           drawings_swept_at = null, events_pruned_at = null, last_seq = last_seq + 1, updated_at = now()
       from turn
       where organization_id = :organizationId and id = :jobId and status in ('failed', 'canceled') and not is_full
       returning jobs.*, may_start
     ),
     missing as (
       update job_shots set status = 'pending', error = null, started_at = null, settled_at = null
       from moved
       where job_shots.organization_id = moved.organization_id and job_id = moved.id and job_shots.status <> 'rendered'
     ),
     influencer as (
       update influencers
       set status = 'training', error_message = null, version = version + 1, updated_at = now()
       from moved
       where influencers.organization_id = moved.organization_id and influencers.id = influencer_id
       returning source_influencer_id
     )${eventSql(`'job.accepted'`)}
     select m.id as "jobId", m.attempt, m.organization_id as "organizationId", m.project_id as "projectId",
            m.influencer_id as "influencerId", i.source_influencer_id as "sourceInfluencerId", m.kind,
            m.started_at as "startedAt", m.may_start as "mayStart", ${announceSql}
     from moved m, influencer i, event`,
    { organizationId, jobId, queuedLimit, runningLimit, ...eventBindings({ id: eventId }) },
  );
  return rows[0];
}
