import { progressOf, type JobAttempt } from '../domain/job.ts';
import type { Shot } from '../domain/shots.ts';
import { query, type Trx } from './database.ts';
import {
  announceSql,
  drawingOrderSql,
  eventBindings,
  eventSql,
  movedSql,
  type DrawingOrder,
  type JobEvent,
  type RunningJob,
} from './jobs.ts';

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

/**
 * Says that a shot's drawing begins now, again where it is tried again; the first of an attempt begins its rendering. Gives what it
 * is drawn from; undefined when the attempt does not run (any more).
 */
export async function startShot(
  trx: Trx,
  { jobId, attempt, shot }: JobAttempt & { shot: Shot },
): Promise<DrawingOrder | undefined> {
  const [started] = await query<DrawingOrder & { isFirst: boolean }>(
    trx,
    `with drawn as (
       select ${drawingOrderSql('jobs')}, rendering_at is null as "isFirst"
       from jobs where id = :jobId and attempt = :attempt and status = 'running'
     ),
     started as (
       update job_shots s set started_at = now()
       from drawn
       where s.organization_id = drawn."organizationId" and s.job_id = :jobId and s.shot = :shot and s.status <> 'rendered'
     )
     select * from drawn`,
    { jobId, attempt, shot },
  );
  if (started === undefined) return undefined;
  const { isFirst, ...order } = started;
  if (isFirst) {
    // A statement of its own, so that none holds a lock on the shot while it waits for the job: who ends the job has that one first.
    await query(
      trx,
      `update jobs set rendering_at = now()
       where id = :jobId and attempt = :attempt and status = 'running' and rendering_at is null`,
      { jobId, attempt },
    );
  }
  return order;
}

/** Marks a locked job's shot as rendered or as failed for good, and moves the job on, with the event that says so. */
export async function settleShot(
  trx: Trx,
  job: RunningJob,
  outcome: Required<Pick<JobEvent, 'shot' | 'assetId'>> | Required<Pick<JobEvent, 'shot' | 'error'>>,
  eventId: string,
): Promise<void> {
  const status = 'assetId' in outcome ? 'rendered' : 'failed';
  const shotStatuses = { ...job.shotStatuses, [outcome.shot]: status } as const;
  await query(
    trx,
    `with ${movedSql},
     settled as (
       insert into job_shots (organization_id, job_id, shot, status, asset_id, error, settled_at)
       select organization_id, id, :shot, :status, :assetId, :error::jsonb, now() from moved
       on conflict (organization_id, job_id, shot)
       do update set status = excluded.status, asset_id = excluded.asset_id, error = excluded.error,
                     settled_at = excluded.settled_at
       where job_shots.status <> 'rendered'
     )${eventSql(`'job.progress'`)}
     select ${announceSql} from event`,
    {
      organizationId: job.organizationId,
      jobId: job.jobId,
      attempt: job.attempt,
      status,
      stage: 'rendering',
      progress: progressOf('rendering', { ...job, shotStatuses }),
      ...eventBindings({ id: eventId, ...outcome }),
    },
  );
}
