import type { JobError } from '../domain/errors.ts';
import type { Environment, Identity } from '../domain/influencer.ts';
import type { JobAttempt, JobKind, JobStage, JobStatus } from '../domain/job.ts';
import type { RendererName, Shot, ShotStatus } from '../domain/shots.ts';
import type { Simulation } from '../domain/simulation.ts';
import { query, type Trx } from './database.ts';
import { imagesJsonSql, resultImagesJsonSql, type StoredImage } from './images.ts';
import type { OwnedId } from './influencers.ts';
import { livesSql } from './workers.ts';

/** Whose job it is; undefined for one that is not there. */
export async function organizationOfJob(trx: Trx, jobId: string): Promise<string | undefined> {
  const rows = await query<{ organizationId: string }>(
    trx,
    'select organization_id as "organizationId" from jobs where id = :jobId',
    { jobId },
  );
  return rows[0]?.organizationId;
}

/** Who draws a job, and what; undefined for one that is not there. */
export async function findRendering(
  trx: Trx,
  jobId: string,
): Promise<{ renderer: RendererName; shots: Shot[] } | undefined> {
  const rows = await query<{ renderer: RendererName; shots: Shot[] }>(
    trx,
    'select renderer, shots from jobs where id = :jobId',
    { jobId },
  );
  return rows[0];
}

/** What one shot of a running job is drawn from, as the job's input has it: a change of the influencer changes no job. */
export interface DrawingOrder {
  organizationId: string;
  identity: Identity;
  seed: string;
  renderer: RendererName;
  /** The trouble that is rehearsed; null for none, as in every attempt but the first. */
  simulation: Simulation | null;
}

/** A drawing order of a job, for a select list; `job` names its row there. */
export const drawingOrderSql = (job: string) => `
  ${job}.organization_id as "organizationId", ${job}.input->'identity' as identity, ${job}.input->>'seed' as seed,
  ${job}.renderer, case when ${job}.attempt = 1 then ${job}.input->'simulation' end as simulation`;

/** Finds what a running attempt draws from; undefined when it does not run (any more). */
export async function findDrawingOrder(trx: Trx, { jobId, attempt }: JobAttempt): Promise<DrawingOrder | undefined> {
  const rows = await query<DrawingOrder>(
    trx,
    `select ${drawingOrderSql('jobs')} from jobs where id = :jobId and attempt = :attempt and status = 'running'`,
    { jobId, attempt },
  );
  return rows[0];
}

export interface JobRow extends JobAttempt {
  kind: JobKind;
  status: JobStatus;
  stage: JobStage | null;
  progress: number;
  environment: Environment;
  influencerId: string;
  projectId: string;
  renderer: RendererName;
  shots: Shot[];
  error: JobError | null;
  /** The last event's number: what the ETag is made from. */
  version: number;
  startedAt: Date;
  /** When this attempt was accepted. */
  attemptAt: Date;
  updatedAt: Date;
  finishedAt: Date | null;
  dispatchedAt: Date | null;
  shotRows: ShotRow[];
  /** The influencer's images as they were when the job completed. */
  referenceImages: StoredImage[];
  /** When a worker was last seen by Postgres; null when there never was one. */
  workerSeenAt: Date | null;
  workerLives: boolean;
}

interface ShotRow {
  shot: Shot;
  status: ShotStatus;
  assetId: string | null;
  storageKey: string | null;
  thumbnailKey: string | null;
  error: { code: JobError['code']; message: string } | null;
  /** When its last drawing began, in ISO 8601. */
  startedAt: string | null;
}

/** Finds a job; undefined also for one of another organization or environment. */
export async function findJob(trx: Trx, owned: OwnedId): Promise<JobRow | undefined> {
  const rows = await query<JobRow>(
    trx,
    `select j.id as "jobId", j.attempt, j.kind, j.status, j.stage, j.progress, j.environment,
            j.influencer_id as "influencerId", j.project_id as "projectId", j.renderer, j.shots, j.error,
            j.last_seq as version, j.started_at as "startedAt", j.attempt_at as "attemptAt",
            j.updated_at as "updatedAt", j.finished_at as "finishedAt", j.dispatched_at as "dispatchedAt",
            coalesce((
              select jsonb_agg(jsonb_build_object(
                       'shot', s.shot, 'status', s.status, 'assetId', s.asset_id, 'storageKey', a.storage_key,
                       'thumbnailKey', a.thumbnail_key, 'error', s.error, 'startedAt', s.started_at))
              from job_shots s left join assets a on a.organization_id = s.organization_id and a.id = s.asset_id
              where s.organization_id = j.organization_id and s.job_id = j.id
            ), '[]') as "shotRows",
            case
              when j.result is not null then ${resultImagesJsonSql('j')}
              when j.status = 'completed' then ${imagesJsonSql('f', ['uploaded', 'rendered'])}
              else '[]'
            end as "referenceImages",
            w.seen_at as "workerSeenAt", ${livesSql('w.seen_at')} as "workerLives"
     from jobs j
     join influencers f on f.organization_id = j.organization_id and f.id = j.influencer_id
     left join lateral (select max(seen_at) as seen_at from workers) w on j.status = 'running'
     where j.organization_id = :organizationId and j.id = :id and j.environment = :environment`,
    { ...owned },
  );
  return rows[0];
}

export type JobListRow = Pick<
  JobRow,
  | 'jobId'
  | 'attempt'
  | 'kind'
  | 'status'
  | 'stage'
  | 'progress'
  | 'influencerId'
  | 'projectId'
  | 'error'
  | 'startedAt'
  | 'updatedAt'
  | 'finishedAt'
>;

export interface JobFilters {
  /** Without duplicates. */
  statuses: readonly JobStatus[];
  kind?: JobKind | undefined;
  projectId?: string | undefined;
  influencerId?: string | undefined;
}

/** Lists the jobs of an organization's environment, newest first, from behind `after` on. */
export async function listJobs(
  trx: Trx,
  owner: Omit<OwnedId, 'id'>,
  { after, limit, statuses, ...filters }: JobFilters & { after: { at: Date; id: string } | null; limit: number },
): Promise<JobListRow[]> {
  const { kind, projectId, influencerId } = filters;
  // A project and an influencer are of one environment, so that it need not be asked of each row to find the first ones.
  const isNarrow = projectId !== undefined || influencerId !== undefined;
  const conditions = [
    'organization_id = :organizationId',
    ...(isNarrow ? [] : ['environment = :environment']),
    ...(kind === undefined ? [] : ['kind = :kind']),
    ...(projectId === undefined ? [] : ['project_id = :projectId']),
    ...(influencerId === undefined ? [] : ['influencer_id = :influencerId']),
    ...(after === null ? [] : ['(started_at, id) < (:at, :id)']),
  ].join(' and ');
  // The newest of each status by themselves, as in `listInfluencers`; an influencer has few jobs.
  const found =
    influencerId === undefined
      ? `select newest.*
         from unnest(:statuses::text[]) as wanted (status), lateral (
           select * from jobs where ${conditions} and status = wanted.status
           order by started_at desc, id desc
           limit :limit
         ) newest`
      : `select * from jobs where ${conditions} and status = any(:statuses)`;
  return query<JobListRow>(
    trx,
    `select j.id as "jobId", j.attempt, j.kind, j.status, j.stage, j.progress, j.influencer_id as "influencerId",
            j.project_id as "projectId", j.error, j.started_at as "startedAt", j.updated_at as "updatedAt",
            j.finished_at as "finishedAt"
     from (${found}) j
     where j.environment = :environment
     order by j.started_at desc, j.id desc
     limit :limit`,
    {
      ...owner,
      ...{ statuses: [...statuses], limit },
      ...Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)),
      ...after,
    },
  );
}
