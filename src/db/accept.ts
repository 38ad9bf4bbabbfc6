// Accepting a job is one statement: what it is made from is read, and influencer, job and first event are written, in one
// snapshot and one commit. Until it commits nothing exists; once it has, the job cannot be lost (see dispatch.ts).

import type { IdentityChanges } from '../domain/clone.ts';
import type { Environment, Identity } from '../domain/influencer.ts';
import type { RendererName, Shot } from '../domain/shots.ts';
import type { Simulation } from '../domain/simulation.ts';
import { query, type Trx } from './database.ts';
import { changedIdentitySql } from './identity.ts';
import { isQueueFullSql, runningJobsSql } from './job-limits.ts';

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
  /** How many jobs of the organization may be queued and may run: `queuedJobsLimits`, `runningJobsLimits`. */
  queuedLimit: number;
  runningLimit: number;
}

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

export interface AcceptedJob {
  jobId: string;
  organizationId: string;
  influencerId: string;
  projectId: string;
  startedAt: Date;
  /** Whether its turn is now; if not, a dispatcher starts it once fewer of its organization run. */
  mayStart: boolean;
}

/** Why nothing was stored. */
export type Refusal =
  /** There is no such source or project in the organization and environment. */
  | 'origin_missing'
  | 'project_archived'
  /** Not all photos are ready assets of the project. */
  | 'assets_missing'
  | 'too_many_queued'
  | 'influencer_exists';

/** Accepts jobs, each by itself: the answer is in the order of the rows, and a refused row leaves nothing behind. */
export async function acceptJobs(
  trx: Trx,
  rows: readonly (NewClone | NewCreation)[],
): Promise<(AcceptedJob | Refusal)[]> {
  const answers = await query<Answer>(trx, acceptSql, {
    rows: JSON.stringify(rows),
  });
  return answers.map((answer) => {
    if (answer.refusal !== null) return answer.refusal;
    const { refusal: _, ...job } = answer;
    return job;
  });
}

type Answer = { refusal: Refusal } | (AcceptedJob & { refusal: null });

const acceptSql = `
  with request as materialized (
    select * from rows from (
      jsonb_to_recordset(:rows::jsonb) as (
        "organizationId" uuid, environment text, "influencerId" uuid, "jobId" uuid, "eventId" uuid, name text, renderer text,
        shots text[], "sourceId" uuid, changes jsonb, "projectId" uuid, identity jsonb, seed text, "assetIds" uuid[],
        "queuedLimit" integer, "runningLimit" integer, simulation jsonb
      )
    ) with ordinality
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
    join influencers source
      on source.organization_id = r."organizationId" and source.id = r."sourceId"
      and source.environment = r.environment and source.deleted_at is null
    join projects project on project.organization_id = source.organization_id and project.id = source.project_id
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
    join projects project
      on project.organization_id = r."organizationId" and project.id = r."projectId" and project.environment = r.environment
    where r."sourceId" is null
  ),
  judged as materialized (
    select r.*, o.project_id, o.source_id, o.seed as own_seed, o.identity as own_identity, o.attributes, o.starting_images,
           case
             when o.ordinality is null then 'origin_missing'
             when o.project_status <> 'active' then 'project_archived'
             when not o.has_assets then 'assets_missing'
             when ${isQueueFullSql('r."organizationId"', 'r."queuedLimit"')} then 'too_many_queued'
           end as refusal,
           ${runningJobsSql('r."organizationId"', 'r."runningLimit"')} < r."runningLimit" as may_start
    from request r left join origin o using (ordinality)
  ),
  influencer as (
    insert into influencers (organization_id, id, environment, project_id, source_influencer_id, job_id, name, identity,
                             attributes, seed, status)
    select r."organizationId", r."influencerId", r.environment, r.project_id, r.source_id, r."jobId", r.name, r.own_identity,
           r.attributes, r.own_seed, 'pending'
    from judged r
    where r.refusal is null
    order by r."organizationId", r."influencerId"
    on conflict (organization_id, id) do nothing
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
    from influencer i join judged r on r."jobId" = i.job_id
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
  select case when r.refusal is null and j.id is null then 'influencer_exists' else r.refusal end as refusal,
         j.id as "jobId", j.organization_id as "organizationId", j.influencer_id as "influencerId",
         j.project_id as "projectId", j.started_at as "startedAt", r.may_start as "mayStart"
  from judged r left join job j on j.id = r."jobId"
  order by r.ordinality`;
