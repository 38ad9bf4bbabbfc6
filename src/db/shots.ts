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

/** Marks a shot as rendered or as failed for good. */
export async function settleShot(
  trx: Trx,
  job: RunningJob,
  shot: Shot,
  outcome: { assetId: string } | { error: { code: string; message: string } },
): Promise<void> {
  await query(
    trx,
    `insert into job_shots (organization_id, job_id, shot, status, asset_id, error)
     values (:organizationId, :jobId, :shot, :status, :assetId, :error::jsonb)
     on conflict (organization_id, job_id, shot)
     do update set status = excluded.status, asset_id = excluded.asset_id, error = excluded.error
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
