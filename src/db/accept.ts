// Accepting jobs is one statement: who asks and what it is made from are looked at, and influencer, job, first event and the use of
// the Idempotency-Key are written, in one snapshot and one commit. Until it commits nothing exists; once it has, no job can be lost
// (see dispatch.ts).

import type { Knex } from 'knex';
import type { IdentityChanges } from '../domain/clone.ts';
import type { Environment, Identity } from '../domain/influencer.ts';
import type { RendererName, Shot } from '../domain/shots.ts';
import type { Simulation } from '../domain/simulation.ts';
import { keyLockSql, keyStateSql } from './api-keys.ts';
import { query, type Trx } from './database.ts';
import { isUsedSql, takeOverSql, type AcceptedReply } from './idempotency-keys.ts';
import { changedIdentitySql } from './identity.ts';
import { queuedJobsSql, takenPlacesSql } from './job-limits.ts';

interface NewInfluencer {
  organizationId: string;
  environment: Environment;
  influencerId: string;
  jobId: string;
  eventId: string;
  name: string;
  renderer: RendererName;
  shots: readonly Shot[];
  simulation?: Simulation | null;
  /** How many jobs of the organization may run: `runningJobsLimits`. */
  runningLimit: number;
}

/** Who asks for a job, and how. */
export interface Asking {
  apiKeyId: string;
  /** See `Principal`. */
  lookup: string;
  /** Null for a request without one; the fingerprint is that of the request, in hexadecimal. */
  idempotency: { key: string; fingerprint: string } | null;
  /** Whether too many jobs are queued, of all organizations. */
  isBacklogFull: boolean;
  /** How many jobs of the organization may be queued; null where they are not counted. */
  queuedLimit: number | null;
}

export type NewJob = (NewClone | NewCreation) & Asking;

/** An influencer made from another: project, identity, seed and images are the source's. */
export interface NewClone extends NewInfluencer {
  sourceId: string;
  changes: IdentityChanges;
}

/** An influencer made from scratch, or from photos of the project. */
export interface NewCreation extends NewInfluencer {
  projectId: string;
  identity: Identity;
  seed: string;
  assetIds: readonly string[];
}

export interface AcceptedJob extends AcceptedReply {
  organizationId: string;
  /** Whether its turn is now; if not, a dispatcher starts it once fewer of its organization run. */
  mayStart: boolean;
}

/** Why nothing was stored: because of what is asked for, */
export type JobRefusal =
  /** There is no such source or project in the organization and environment. */
  | 'origin_missing'
  | 'project_archived'
  /** Not all photos are ready assets of the project. */
  | 'assets_missing'
  | 'too_many_queued'
  | 'influencer_exists';

/** or because of how it is asked. */
export type Refusal =
  | JobRefusal
  /** The API key was killed, or is gone; see `KeyState`. */
  | 'key_killed'
  | 'key_gone'
  /** The Idempotency-Key was used. */
  | 'key_used'
  | 'backlog_full';

/**
 * Accepts jobs, each by itself: the answer is in the order of the rows, and a refused row leaves nothing behind. No two have one
 * Idempotency-Key or one influencer's id. Where others take such an id meanwhile, it throws that it is not unique, and nothing is stored.
 */
export async function acceptJobs(database: Knex, rows: readonly NewJob[]): Promise<(AcceptedJob | Refusal)[]> {
  const answers = await query<Answer>(database, acceptSql, { rows: JSON.stringify(rows) });
  return answers.map((answer) => {
    if (answer.refusal !== null) return answer.refusal;
    const { refusal: _, ...job } = answer;
    return job;
  });
}

/** Which of some jobs were accepted, where it is not known: the answer to their statement did not come. */
export async function findAcceptedJobs(trx: Trx, jobIds: readonly string[]): Promise<AcceptedJob[]> {
  return query<AcceptedJob>(
    trx,
    `select id as "jobId", organization_id as "organizationId", influencer_id as "influencerId", project_id as "projectId",
            started_at as "startedAt", claimed_until is not null as "mayStart"
     from jobs where id = any(:jobIds)`,
    { jobIds: [...jobIds] },
  );
}

type Answer = { refusal: Refusal } | (AcceptedJob & { refusal: null });

/** Whether a table has such a row of the request's organization: looked up for each request, however few rows the table has. */
const isThere = (table: string, condition: string): string =>
  `(select true from ${table} where organization_id = r."organizationId" and ${condition} limit 1)`;

const acceptSql = `
  with request as materialized (
    select * from rows from (
      jsonb_to_recordset(:rows::jsonb) as (
        "organizationId" uuid, environment text, "influencerId" uuid, "jobId" uuid, "eventId" uuid, name text, renderer text,
        shots text[], "sourceId" uuid, changes jsonb, "projectId" uuid, identity jsonb, seed text, "assetIds" uuid[],
        "queuedLimit" integer, "runningLimit" integer, simulation jsonb, "apiKeyId" uuid, lookup text, idempotency jsonb,
        "isBacklogFull" boolean
      )
    ) with ordinality
  ),
  -- As in holdKey.
  turn as materialized (
    select pg_advisory_xact_lock_shared(${keyLockSql('id')}) from (
      select distinct "apiKeyId"::text as id from request order by id
    ) key
  ),
  api_key as materialized (
    select k.organization_id, k.id, k.lookup, ${keyStateSql} as state
    from (select count(*) from turn) turns, api_keys k
    where (k.organization_id, k.id) in (select "organizationId", "apiKeyId" from request)
    for share of k
  ),
  load as materialized (
    select "organizationId", ${queuedJobsSql('"organizationId"', 'coalesce("queuedLimit", 0)')} as queued,
           ${takenPlacesSql('"organizationId"', '"runningLimit"')} as taken
    from (select "organizationId", max("queuedLimit") as "queuedLimit", max("runningLimit") as "runningLimit" from request group by 1) r
  ),
  origin as materialized (
    select r.ordinality, source.project_id, source.id as source_id, source.seed, project.status as project_status,
           true as has_assets,
           ${changedIdentitySql('source.identity', 'r.changes')} as identity,
           jsonb_build_object('clonedFrom', jsonb_build_object(
             'influencerId', source.id, 'name', source.name, 'clonedAt', now()::timestamptz(3))) as attributes,
           coalesce((
             select jsonb_agg(jsonb_build_object(
                      'assetId', i.asset_id, 'shot', i.shot, 'position', i.place, 'addedAt', i.added_at))
             from (
               select asset_id, shot, added_at, row_number() over (order by role desc, position, asset_id) - 1 as place
               from influencer_images
               where organization_id = source.organization_id and influencer_id = source.id and role <> 'starting'
             ) i
           ), '[]') as starting_images
    from request r
    -- Looked up by their keys, one by one, whatever Postgres believes of the tables' sizes.
    cross join lateral (
      select * from influencers i where i.organization_id = r."organizationId" and i.id = r."sourceId" limit 1
    ) source
    cross join lateral (
      select * from projects p where p.organization_id = source.organization_id and p.id = source.project_id limit 1
    ) project
    where source.environment = r.environment and source.deleted_at is null
    union all
    select r.ordinality, project.id, null, r.seed, project.status,
           -- Locked, so that none is erased meanwhile; one that is being erased is waited for, and is none then.
           (select count(*) from (
              select from assets a
              where a.organization_id = project.organization_id and a.project_id = project.id
                and a.id = any(r."assetIds")
              order by a.id for key share) asset) = (select count(distinct asset) from unnest(r."assetIds") asset),
           r.identity, '{}', '[]'
    from request r
    cross join lateral (
      select * from projects p where p.organization_id = r."organizationId" and p.id = r."projectId" limit 1
    ) project
    where r."sourceId" is null and project.environment = r.environment
  ),
  judged as materialized (
    select r.*, o.project_id, o.source_id, o.seed as own_seed, o.identity as own_identity, o.attributes, o.starting_images,
           case
             when k.state is null then 'key_gone'
             when k.state <> 'live' then 'key_' || k.state
             when ${isThere('idempotency_keys', `key = r.idempotency->>'key' and ${isUsedSql}`)} then 'key_used'
             when r."isBacklogFull" then 'backlog_full'
             when o.ordinality is null then 'origin_missing'
             when o.project_status <> 'active' then 'project_archived'
             when not o.has_assets then 'assets_missing'
             when ${isThere('influencers', 'id = r."influencerId"')} then 'influencer_exists'
           end as fault
    from request r
    left join api_key k on k.organization_id = r."organizationId" and k.id = r."apiKeyId" and k.lookup = r.lookup
    left join origin o using (ordinality)
  ),
  -- Those before a row count against its limits, too.
  placed as materialized (
    select j.*, coalesce(j.fault, case when l.queued + j.place > j."queuedLimit" then 'too_many_queued' end) as refusal,
           l.taken + j.place <= j."runningLimit" as may_start
    from (
      select *, row_number() over (partition by "organizationId", fault is null order by ordinality) as place from judged
    ) j
    join load l using ("organizationId")
  ),
  -- One that others have taken since the snapshot is not returned.
  idempotency_key as (
    insert into idempotency_keys (organization_id, key, fingerprint, job_id)
    select r."organizationId", r.idempotency->>'key', decode(r.idempotency->>'fingerprint', 'hex'), r."jobId"
    from placed r
    where r.refusal is null and r.idempotency is not null
    order by 1, 2
    ${takeOverSql}
    returning job_id
  ),
  influencer as (
    insert into influencers (organization_id, id, environment, project_id, source_influencer_id, job_id, name, identity,
                             attributes, seed, status)
    select r."organizationId", r."influencerId", r.environment, r.project_id, r.source_id, r."jobId", r.name, r.own_identity,
           r.attributes, r.own_seed, 'pending'
    from placed r left join idempotency_key k on k.job_id = r."jobId"
    where r.refusal is null and (r.idempotency is null or k.job_id is not null)
    order by r."organizationId", r."influencerId"
    returning job_id
  ),
  job as (
    insert into jobs (organization_id, id, environment, project_id, influencer_id, kind, renderer, shots, input, claimed_until)
    select r."organizationId", r."jobId", r.environment, r.project_id, r."influencerId", 'influencer_create', r.renderer,
           r.shots,
           jsonb_build_object('identity', r.own_identity, 'seed', r.own_seed, 'startingImages', r.starting_images)
             || case when r.simulation is null then '{}' else jsonb_build_object('simulation', r.simulation) end,
           -- The accepting process starts the workflow itself; if it dies, or the job has to wait, any dispatcher does.
           case when r.may_start then now() + interval '5 seconds' end
    from influencer i join placed r on r."jobId" = i.job_id
    returning *
  ),
  event as (
    insert into job_events (organization_id, job_id, seq, id, type, status, stage, progress, attempt)
    select j.organization_id, j.id, j.last_seq, r."eventId", 'job.accepted', j.status, j.stage, j.progress, j.attempt
    from job j join request r on r."jobId" = j.id
  ),
  photo as (
    insert into influencer_images (organization_id, influencer_id, asset_id, role, position)
    select distinct on (r."jobId", asset.id) r."organizationId", r."influencerId", asset.id, 'uploaded', asset.position
    from job j join request r on r."jobId" = j.id, unnest(r."assetIds") with ordinality as asset (id, position)
    order by r."jobId", asset.id, asset.position
  )
  select case when r.refusal is null and j.id is null then 'key_used' else r.refusal end as refusal,
         j.id as "jobId", j.organization_id as "organizationId", j.influencer_id as "influencerId",
         j.project_id as "projectId", j.started_at as "startedAt", r.may_start as "mayStart"
  from placed r left join job j on j.id = r."jobId"
  order by r.ordinality`;
