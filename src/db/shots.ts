import { progressOf, type JobAttempt } from '../domain/job.ts';
import type { Shot } from '../domain/shots.ts';
import { query, type Trx } from './database.ts';
import { renderedImageSql, type NewAsset } from './images.ts';
import { announceSql, eventBindings, eventSql, movedSql, type JobEvent, type RunningJob } from './job-moves.ts';
import { drawingOrderSql, type DrawingOrder } from './jobs.ts';

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

/** What became of a shot: it has its picture, whose asset is new, or it is given up. */
export type ShotOutcome = { shot: Shot } & (
  { asset: Omit<NewAsset, 'organizationId' | 'environment' | 'projectId'> } | { error: NonNullable<JobEvent['error']> }
);

/**
 * Settles a shot of a locked job that is not rendered, and moves the job on, with the event that says so. A rendered one's
 * picture becomes the influencer's image.
 */
export async function settleShot(trx: Trx, job: RunningJob, outcome: ShotOutcome, eventId: string): Promise<void> {
  const { shot } = outcome;
  const asset = 'asset' in outcome ? outcome.asset : null;
  const status = asset === null ? 'failed' : 'rendered';
  const { organizationId, jobId, attempt, environment, projectId, influencerId } = job;
  await query(
    trx,
    `with ${movedSql},${asset === null ? '' : `${renderedImageSql},`}
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
      ...{ organizationId, jobId, attempt, status },
      stage: 'rendering',
      progress: progressOf('rendering', { ...job, shotStatuses: { ...job.shotStatuses, [shot]: status } }),
      ...(asset === null
        ? {}
        : {
            ...{ ...asset, environment, projectId, influencerId },
            provenance: JSON.stringify(asset.provenance),
            position: job.shots.indexOf(shot),
          }),
      ...eventBindings({
        id: eventId,
        shot,
        ...('error' in outcome ? { error: outcome.error } : { assetId: outcome.asset.id }),
      }),
    },
  );
}
