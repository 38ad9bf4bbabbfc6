// What is done once to each job that has ended, by the housekeeping. A retry makes it due again.

import type { JobAttempt } from '../domain/job.ts';
import { query, type Trx } from './database.ts';

/** A job that has ended, with its last attempt. */
export interface EndedJob extends JobAttempt {
  organizationId: string;
  finishedAt: Date;
}

/**
 * Finds jobs that ended ten minutes ago or earlier, and whose drawings were not looked through since, at most `limit`: those behind
 * `after`, by the time when they ended.
 */
export async function findUnsweptJobs(trx: Trx, after: EndedJob | null, limit: number): Promise<EndedJob[]> {
  return query<EndedJob>(
    trx,
    `select organization_id as "organizationId", id as "jobId", attempt, finished_at as "finishedAt" from jobs
     where status <> 'running' and drawings_swept_at is null and finished_at < now() - interval '10 minutes'
       ${after === null ? '' : 'and (finished_at, id) > (:finishedAt, :jobId)'}
     order by finished_at, id limit :limit`,
    { limit, ...(after === null ? {} : { finishedAt: after.finishedAt, jobId: after.jobId }) },
  );
}

/** Marks a job as looked through; does nothing when it was retried since. */
export async function markSwept(trx: Trx, { jobId, attempt }: JobAttempt): Promise<void> {
  await query(
    trx,
    `update jobs set drawings_swept_at = now() where id = :jobId and attempt = :attempt and status <> 'running'`,
    { jobId, attempt },
  );
}

/** Forgets all events but the last of jobs that ended 30 days ago or earlier, at most `limit` jobs; gives how many these were. */
export async function pruneEvents(trx: Trx, limit: number): Promise<number> {
  const rows = await query(
    trx,
    `with old as (
       select organization_id, id, last_seq from jobs
       where status <> 'running' and events_pruned_at is null and finished_at < now() - interval '30 days'
       order by finished_at limit :limit
       for update skip locked
     ),
     forgotten as (
       delete from job_events using old
       where job_events.organization_id = old.organization_id and job_id = old.id and seq < last_seq
     )
     update jobs set events_pruned_at = now() from old where jobs.organization_id = old.organization_id and jobs.id = old.id
     returning jobs.id`,
    { limit },
  );
  return rows.length;
}
