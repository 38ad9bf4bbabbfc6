// Jobs as the API accepts them, made without HTTP, and what is stored of them.

import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { acceptJobs, type Asking, type NewJob } from '../../src/db/accept.ts';
import { query, type Trx } from '../../src/db/database.ts';
import type { Dispatch } from '../../src/db/dispatch.ts';
import { lockJob } from '../../src/db/job-moves.ts';
import { insertOrganization } from '../../src/db/organizations.ts';
import { insertProject } from '../../src/db/projects.ts';
import { retryLockedJob } from '../../src/db/retry.ts';
import type { Identity } from '../../src/domain/influencer.ts';
import { queuedJobsLimits, runningJobsLimits, type Tier } from '../../src/domain/scopes.ts';
import { createApiKey } from '../../src/http/authentication.ts';
import { shots, type RendererName, type Shot } from '../../src/domain/shots.ts';
import { until } from './eventually.ts';

export interface Home {
  organizationId: string;
  projectId: string;
}

/** An organization with a project, as Postgres knows them. */
export async function createHome(database: Trx, tier: Tier = 'internal'): Promise<Home> {
  const home = { organizationId: newId(), projectId: newId() };
  await insertOrganization(database, { id: home.organizationId, name: 'Tests', tier });
  await insertProject(database, {
    organizationId: home.organizationId,
    id: home.projectId,
    environment: 'live',
    name: 'Tests',
  });
  return home;
}

/** How a key of the organization asks; one is made where it has none. */
export async function askingAs(database: Trx, organizationId: string): Promise<Asking> {
  const [key] = await query<{ apiKeyId: string; lookup: string }>(
    database,
    'select id as "apiKeyId", lookup from api_keys where organization_id = :organizationId limit 1',
    { organizationId },
  );
  if (key !== undefined) return { ...key, idempotency: null, isBacklogFull: false, queuedLimit: null };
  await createApiKey(database, { organizationId, id: newId(), name: 'Tests', environment: 'live', scopes: ['*'] });
  return askingAs(database, organizationId);
}

/** A job as the accepting process offers it to the dispatcher. */
export type TestJob = Dispatch;

interface JobWishes {
  home?: Home;
  /** Makes it a clone. */
  sourceId?: string;
  identity?: Identity;
  renderer?: RendererName;
  shots?: readonly Shot[];
  runningLimit?: number;
}

export async function acceptJob(database: Knex, wishes: JobWishes = {}): Promise<TestJob> {
  const home = wishes.home ?? (await createHome(database));
  const shared = {
    ...(await askingAs(database, home.organizationId)),
    organizationId: home.organizationId,
    environment: 'live' as const,
    influencerId: newId(),
    jobId: newId(),
    eventId: newId(),
    name: 'Ava Chen',
    renderer: wishes.renderer ?? 'illustrated',
    shots: wishes.shots ?? shots,
    queuedLimit: queuedJobsLimits.internal,
    runningLimit: wishes.runningLimit ?? runningJobsLimits.internal,
  };
  const row: NewJob =
    wishes.sourceId === undefined
      ? { ...shared, projectId: home.projectId, identity: wishes.identity ?? {}, seed: newId(), assetIds: [] }
      : { ...shared, sourceId: wishes.sourceId, changes: { fields: wishes.identity ?? {}, personality: {} } };
  const [accepted] = await acceptJobs(database, [row]);
  if (typeof accepted !== 'object') throw new Error(`the job was not accepted: ${String(accepted)}`);
  return {
    ...accepted,
    attempt: 1,
    kind: 'influencer_create',
    sourceInfluencerId: wishes.sourceId ?? null,
    tier: 'internal',
    hasWaited: false,
  };
}

/** Waits until a statement in this database waits for a lock. */
export const untilOneWaits = (database: Knex): Promise<void> =>
  until('it waits for the other transaction', async () => {
    const waiting = await query(
      database,
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return waiting.length > 0;
  });

/**
 * Begins to `act` while another transaction has stored an influencer with this id, and not committed: gives what becomes of it once
 * that is committed. Another influencer is copied for it.
 */
export async function whileTaken<Result>(
  database: Knex,
  { influencerId, like }: { influencerId: string; like: TestJob },
  act: () => Promise<Result>,
): Promise<{ outcome: Promise<Result> }> {
  return database.transaction(async (trx) => {
    await query(
      trx,
      `insert into influencers
       select (jsonb_populate_record(i, jsonb_build_object('id', :influencerId::uuid))).*
       from influencers i where id = :like`,
      { influencerId, like: like.influencerId },
    );
    const outcome = act();
    outcome.catch(() => undefined); // whoever asked for it is told
    await untilOneWaits(database);
    return { outcome };
  });
}

interface StoredJob {
  status: string;
  stage: string | null;
  progress: number;
  attempt: number;
  error: { code: string; message: string; retryable: boolean; details: { shots?: string[] } | null } | null;
  lastSeq: number;
  dispatchedAt: Date | null;
  finishedAt: Date | null;
}

interface StoredEvent {
  seq: number;
  type: string;
  status: string;
  stage: string | null;
  progress: number;
  attempt: number;
  shot: Shot | null;
  assetId: string | null;
  error: { code: string } | null;
}

/** All that is stored of a job and its influencer. */
export interface Stored {
  job: StoredJob;
  influencer: { status: string; errorMessage: string | null; version: number };
  events: StoredEvent[];
  shots: { shot: Shot; status: string; assetId: string | null; error: { code: string; message: string } | null }[];
  images: { assetId: string; role: string; shot: Shot | null; position: number; addedAt: Date; storageKey: string }[];
  assets: number;
}

export async function storedOf(database: Trx, { jobId, influencerId, organizationId }: TestJob): Promise<Stored> {
  const of = <Row>(sql: string) => query<Row>(database, sql, { jobId, influencerId, organizationId });
  const [job] = await of<StoredJob>(
    `select status, stage, progress, attempt, error, last_seq as "lastSeq", dispatched_at as "dispatchedAt",
            finished_at as "finishedAt"
     from jobs where id = :jobId`,
  );
  const [influencer] = await of<Stored['influencer']>(
    'select status, error_message as "errorMessage", version from influencers where id = :influencerId',
  );
  if (job === undefined || influencer === undefined) throw new Error('there is no such job');
  const [assets] = await of<{ count: number }>(
    'select count(*)::int as count from assets where organization_id = :organizationId',
  );
  return {
    job,
    influencer,
    events: await of(
      `select seq, type, status, stage, progress, attempt, shot, asset_id as "assetId", error
       from job_events where job_id = :jobId order by seq`,
    ),
    shots: await of(
      `select shot, status, asset_id as "assetId", error from job_shots where job_id = :jobId order by shot`,
    ),
    images: await of(
      `select i.asset_id as "assetId", i.role, i.shot, i.position, i.added_at as "addedAt", a.storage_key as "storageKey"
       from influencer_images i join assets a on a.organization_id = i.organization_id and a.id = i.asset_id
       where i.influencer_id = :influencerId order by i.role, i.position`,
    ),
    assets: assets?.count ?? 0,
  };
}

/** Events are numbered from 1 without a gap, progress never goes back within an attempt, and nothing follows the end. */
export function assertEventsGapless({ job, events }: Pick<Stored, 'job' | 'events'>): void {
  assert.deepEqual(
    events.map(({ seq }) => seq),
    Array.from({ length: job.lastSeq }, (_, index) => index + 1),
  );
  for (const [index, event] of events.entries()) {
    const next = events[index + 1];
    if (next?.attempt === event.attempt) {
      assert.ok(next.progress >= event.progress, `progress goes back at event ${String(next.seq)}`);
      assert.equal(event.status, 'running', 'an event follows the end');
    }
  }
  assert.equal(events.at(-1)?.status, job.status);
}

/** Begins the next attempt of a job that has ended, as the API does. */
export async function retryJob(database: Knex, { jobId, organizationId }: TestJob): Promise<TestJob> {
  return database.transaction(async (trx) => {
    const job = await lockJob(trx, { organizationId, environment: 'live', id: jobId });
    const retried =
      job &&
      (await retryLockedJob(trx, job, {
        eventId: newId(),
        queuedLimit: queuedJobsLimits.internal,
        runningLimit: runningJobsLimits.internal,
      }));
    if (retried === undefined) assert.fail('the job cannot be retried');
    return { ...retried, tier: 'internal', hasWaited: false };
  });
}

export const deleteInfluencer = (database: Knex, { influencerId }: TestJob): Promise<unknown> =>
  query(
    database,
    `update influencers set status = 'deleted', error_message = null, deleted_at = now() where id = :influencerId`,
    { influencerId },
  );
