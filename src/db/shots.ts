import { imagesShare, progressOf, settledProgress, type JobAttempt } from '../domain/job.ts';
import type { Shot } from '../domain/shots.ts';
import { query, type Trx } from './database.ts';
import type { NewAsset } from './images.ts';
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

/** A picture that was drawn, as an asset of the job's project. */
export type NewPicture = Omit<NewAsset, 'organizationId' | 'environment' | 'projectId'>;

/**
 * Makes a picture the image of a shot and of the influencer, and moves the job on, with the event that says so. Does nothing where
 * the shot has its picture already, or the attempt does not run (any more).
 */
export async function settleRendered(
  trx: Trx,
  { jobId, attempt, shot }: JobAttempt & { shot: Shot },
  asset: NewPicture,
  eventId: string,
): Promise<void> {
  await query(
    trx,
    `with job as materialized (
       select organization_id, id from jobs
       where id = :jobId and attempt = :attempt and status = 'running'
       for update
     ),
     -- Locked too, after the job: then it is seen as it is now, and not as it was before the job was waited for.
     unsettled as materialized (
       select s.organization_id, s.job_id, s.status = 'failed' as is_counted
       from job join job_shots s on s.organization_id = job.organization_id and s.job_id = job.id
       where s.shot = :shot and s.status <> 'rendered'
       for update of s
     ),
     moved as (
       update jobs
       set stage = 'rendering', last_seq = last_seq + 1, updated_at = now(),
           progress = least(progress + case when is_counted then 0 else :imagesShare::double precision / cardinality(shots) end, :allRendered)
       from unsettled
       where jobs.organization_id = unsettled.organization_id and id = job_id and attempt = :attempt
       returning jobs.*
     ),
     asset as (
       insert into assets (organization_id, id, environment, project_id, kind, mime_type, width, height, size_bytes, sha256,
                           storage_key, thumbnail_key, provenance)
       select organization_id, :assetId, environment, project_id, 'reference_image', :mimeType, :width, :height, :sizeBytes,
              :sha256, :storageKey, :thumbnailKey, :provenance::jsonb
       from moved
     ),
     touched as (
       update influencers set version = version + 1, updated_at = now()
       from moved
       where influencers.organization_id = moved.organization_id and influencers.id = moved.influencer_id
     ),
     image as (
       insert into influencer_images (organization_id, influencer_id, asset_id, role, shot, position)
       select organization_id, influencer_id, :assetId, 'rendered', :shot, array_position(shots, :shot) - 1 from moved
     ),
     settled as (
       update job_shots
       set status = 'rendered', asset_id = :assetId, error = null, settled_at = now()
       from moved
       where job_shots.organization_id = moved.organization_id and job_id = moved.id and job_shots.shot = :shot
     )${eventSql(`'job.progress'`)}
     select ${announceSql} from event`,
    {
      ...{ jobId, attempt, imagesShare, allRendered: settledProgress(1) },
      ...{ ...asset, provenance: JSON.stringify(asset.provenance) },
      ...eventBindings({ id: eventId, shot, assetId: asset.id }),
    },
  );
}

/** Gives a shot up of a locked job that is not rendered, and moves the job on, with the event that says so. */
export async function settleFailed(
  trx: Trx,
  job: RunningJob,
  { shot, error }: { shot: Shot; error: NonNullable<JobEvent['error']> },
  eventId: string,
): Promise<void> {
  const { organizationId, jobId, attempt } = job;
  await query(
    trx,
    `with ${movedSql},
     settled as (
       insert into job_shots (organization_id, job_id, shot, status, error, settled_at)
       select organization_id, id, :shot, 'failed', :error::jsonb, now() from moved
       on conflict (organization_id, job_id, shot)
       do update set status = excluded.status, error = excluded.error, settled_at = excluded.settled_at
       where job_shots.status <> 'rendered'
     )${eventSql(`'job.progress'`)}
     select ${announceSql} from event`,
    {
      ...{ organizationId, jobId, attempt },
      stage: 'rendering',
      progress: progressOf('rendering', { ...job, shotStatuses: { ...job.shotStatuses, [shot]: 'failed' } }),
      ...eventBindings({ id: eventId, shot, error }),
    },
  );
}
