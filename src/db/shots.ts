import type { JobAttempt } from '../domain/job.ts';
import type { Shot } from '../domain/shots.ts';
import { query, type Trx } from './database.ts';
import type { RunningJob } from './jobs.ts';

/** Marks shots as being rendered; one that is rendered already stays so. */
export async function beginShots(trx: Trx, job: RunningJob, shots: readonly Shot[]): Promise<void> {
  await query(
    trx,
    `insert into job_shots (organization_id, job_id, shot, status)
     select :organizationId, :jobId, shot, 'rendering' from unnest(:shots::text[]) as shot
     on conflict (organization_id, job_id, shot) do update set status = 'rendering', error = null
     where job_shots.status <> 'rendered'`,
    { organizationId: job.organizationId, jobId: job.jobId, shots: [...shots] },
  );
}

/** Says that a shot's drawing begins now, again where it is tried again; the first of an attempt begins its rendering. */
export async function markShotStarted(trx: Trx, { jobId, attempt, shot }: JobAttempt & { shot: Shot }): Promise<void> {
  // Two statements, so that none holds a lock on the shot while it waits for the job: who ends the job has that one first.
  await query(
    trx,
    `update jobs set rendering_at = now()
     where id = :jobId and attempt = :attempt and status = 'running' and rendering_at is null`,
    { jobId, attempt },
  );
  await query(
    trx,
    `update job_shots s set started_at = now()
     from jobs j
     where j.id = :jobId and j.attempt = :attempt and j.status = 'running'
       and s.organization_id = j.organization_id and s.job_id = j.id and s.shot = :shot and s.status <> 'rendered'`,
    { jobId, attempt, shot },
  );
}

/** Marks a shot as rendered or as failed for good. */
export async function settleShot(
  trx: Trx,
  job: RunningJob,
  shot: Shot,
  outcome: { assetId: string } | { error: { code: string; message: string } },
): Promise<void> {
  await query(
    trx,
    `insert into job_shots (organization_id, job_id, shot, status, asset_id, error, settled_at)
     values (:organizationId, :jobId, :shot, :status, :assetId, :error::jsonb, now())
     on conflict (organization_id, job_id, shot)
     do update set status = excluded.status, asset_id = excluded.asset_id, error = excluded.error,
                   settled_at = excluded.settled_at
     where job_shots.status <> 'rendered'`,
    {
      organizationId: job.organizationId,
      jobId: job.jobId,
      shot,
      status: 'assetId' in outcome ? 'rendered' : 'failed',
      assetId: 'assetId' in outcome ? outcome.assetId : null,
      error: 'error' in outcome ? JSON.stringify(outcome.error) : null,
    },
  );
}
