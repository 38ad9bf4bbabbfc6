// A job moves only under its row's lock, only while it runs, and never without its event: that keeps the sequence of events
// gapless, and makes a late activity of an older attempt change nothing.

import type { JobError } from '../domain/errors.ts';
import type { Environment } from '../domain/influencer.ts';
import { finalizingProgress, type JobAttempt, type JobStage, type JobStatus, type StopReason } from '../domain/job.ts';
import type { RendererName, Shot, ShotStatus } from '../domain/shots.ts';
import { jobsEnded } from '../metrics/metrics.ts';
import { query, type Trx } from './database.ts';
import { eventDeliveriesSql } from './event-deliveries.ts';
import { resultSql } from './images.ts';
import type { OwnedId } from './influencers.ts';

export interface RunningJob extends JobAttempt {
  organizationId: string;
  environment: Environment;
  projectId: string;
  influencerId: string;
  stage: JobStage;
  shots: Shot[];
  renderer: RendererName;
  shotStatuses: Partial<Record<Shot, ShotStatus>>;
  /** Whether its workflow was started. */
  isDispatched: boolean;
  /** Null where nothing asks for it to be stopped. */
  stopReason: StopReason | null;
}

/** Why a job is to be stopped; an SQL expression over its row. */
export const stopReasonSql = `case
  when cancel_requested_at is not null then 'canceled'
  when timed_out_at is not null then 'timed_out' end`;

/** How a job is read that is locked. */
const lockedColumns = `id as "jobId", attempt, organization_id as "organizationId", environment, project_id as "projectId",
  influencer_id as "influencerId", stage, shots, renderer, dispatched_at is not null as "isDispatched",
  ${stopReasonSql} as "stopReason"`;

/** Locks a job for this transaction; undefined when this attempt of it does not run (any more). */
export async function lockRunningJob(trx: Trx, { jobId, attempt }: JobAttempt): Promise<RunningJob | undefined> {
  const [job] = await query<Omit<RunningJob, 'shotStatuses'>>(
    trx,
    `select ${lockedColumns} from jobs where id = :jobId and attempt = :attempt and status = 'running' for update`,
    { jobId, attempt },
  );
  if (job === undefined) return undefined;
  // A statement of its own: one that waited for the lock would see the shots as they were before it waited.
  const rows = await query<{ shot: Shot; status: ShotStatus }>(
    trx,
    'select shot, status from job_shots where organization_id = :organizationId and job_id = :jobId',
    { organizationId: job.organizationId, jobId },
  );
  return { ...job, shotStatuses: Object.fromEntries(rows.map(({ shot, status }) => [shot, status])) };
}

type RunningAttempt = Pick<RunningJob, 'jobId' | 'attempt' | 'organizationId' | 'isDispatched'>;

/** What is needed to end a job together with its influencer. */
export type EndableJob = RunningAttempt & Pick<RunningJob, 'influencerId' | 'stopReason'>;

/** A job that is locked, also one that has ended. */
export type LockedJob = Omit<RunningJob, 'shotStatuses' | 'stage'> & { status: JobStatus; stage: JobStage | null };

/** Locks a job, so that it neither begins nor ends elsewhere; undefined as `findJob`. */
export async function lockJob(trx: Trx, owned: OwnedId): Promise<LockedJob | undefined> {
  const rows = await query<LockedJob>(
    trx,
    `select ${lockedColumns}, status from jobs
     where organization_id = :organizationId and id = :id and environment = :environment
     for update`,
    { ...owned },
  );
  return rows[0];
}

/**
 * Locks the newest job of an influencer, also one that has ended, so that none begins or ends in this transaction but by its
 * own doing; undefined when it does not run. Lock the job first and the influencer then, as the activities do.
 */
export async function lockJobOf(trx: Trx, owned: OwnedId): Promise<RunningAttempt | undefined> {
  const [job] = await query<RunningAttempt & { isRunning: boolean }>(
    trx,
    `select j.id as "jobId", j.attempt, j.organization_id as "organizationId",
            j.dispatched_at is not null as "isDispatched", j.status = 'running' as "isRunning"
     from influencers f
     join jobs j on j.organization_id = f.organization_id and j.id = f.job_id
     where f.organization_id = :organizationId and f.id = :id and f.environment = :environment and f.deleted_at is null
     for update of j`,
    { ...owned },
  );
  return job?.isRunning === true ? job : undefined;
}

export interface JobEvent {
  id: string;
  shot?: Shot;
  assetId?: string;
  error?: { code: string; message: string };
}

/** Where the processes that have watchers hear of an event: the job's id and the event's number. */
export const jobEventsChannel = 'job_events';

/** Writes the event of the row in `moved`, as `event`, with its deliveries: to be selected from with `announceSql`. */
export const eventSql = (type: string) => `,
  event as (
    insert into job_events (organization_id, job_id, seq, id, type, status, stage, progress, attempt, shot, asset_id, error)
    select organization_id, id, last_seq, :eventId, ${type}, status, stage, progress, attempt, :shot, :assetId,
           :error::jsonb
    from moved
    returning organization_id, job_id, seq, id, type
  )${eventDeliveriesSql}`;

/** Lets those that wait for `event` hear of it once it is committed. */
export const announceSql = `pg_notify('${jobEventsChannel}', event.job_id || ' ' || event.seq)`;

export const eventBindings = ({ id, shot, assetId, error }: JobEvent) => ({
  eventId: id,
  shot: shot ?? null,
  assetId: assetId ?? null,
  error: error === undefined ? null : JSON.stringify(error),
});

/** A locked job that moves on, as the row `moved`: `progress` never goes back. */
export const movedSql = `
  moved as (
    update jobs
    set stage = :stage, progress = greatest(progress, :progress), last_seq = last_seq + 1, updated_at = now()
    where organization_id = :organizationId and id = :jobId and attempt = :attempt and status = 'running'
    returning *
  )`;

/** Moves a locked job on, with its event. */
export async function moveJob(
  trx: Trx,
  job: RunningJob,
  { stage, progress }: { stage: JobStage; progress: number },
  event: JobEvent,
): Promise<void> {
  await query(
    trx,
    `with ${movedSql}${eventSql(`'job.progress'`)}
     select ${announceSql} from event`,
    {
      organizationId: job.organizationId,
      jobId: job.jobId,
      attempt: job.attempt,
      stage,
      progress,
      ...eventBindings(event),
    },
  );
}

/**
 * Moves a running attempt, whose lock nobody need hold, to its last stage, with its event. One that is to be stopped, or is there
 * already, stays as it is.
 */
export async function finalizeJob(trx: Trx, { jobId, attempt }: JobAttempt, eventId: string): Promise<void> {
  await query(
    trx,
    `with moved as (
       update jobs
       set stage = 'finalizing', progress = greatest(progress, :progress), last_seq = last_seq + 1, updated_at = now()
       where id = :jobId and attempt = :attempt and status = 'running' and stage <> 'finalizing'
         and ${stopReasonSql} is null
       returning *
     )${eventSql(`'job.progress'`)}
     select ${announceSql} from event`,
    { jobId, attempt, progress: finalizingProgress, ...eventBindings({ id: eventId }) },
  );
}

/** Ends a locked job, with its event; shots that nobody draws any more are pending again. */
export async function endJob(
  trx: Trx,
  job: RunningAttempt,
  end: { status: 'completed' } | { status: 'canceled' } | { status: 'failed'; error: JobError },
  eventId: string,
): Promise<void> {
  const error = end.status === 'failed' ? end.error : null;
  await query(
    trx,
    `with moved as (
       update jobs j
       set status = :status, stage = null, progress = case when :status = 'completed' then 1 else progress end,
           result = case when :status = 'completed' then ${resultSql('j')} end, error = :jobError::jsonb,
           last_seq = last_seq + 1, updated_at = now(), finished_at = now()
       where organization_id = :organizationId and id = :jobId and attempt = :attempt and status = 'running'
       returning *
     ),
     left_over as (
       update job_shots set status = 'pending', started_at = null
       where organization_id = :organizationId and job_id = :jobId and status = 'rendering'
     )${eventSql(`'job.' || status`)}
     select ${announceSql} from event`,
    {
      organizationId: job.organizationId,
      jobId: job.jobId,
      attempt: job.attempt,
      status: end.status,
      jobError: error === null ? null : JSON.stringify(error),
      ...eventBindings(error === null ? { id: eventId } : { id: eventId, error }),
    },
  );
  jobsEnded.inc({ status: end.status, code: error?.code ?? '' });
}
