// The jobs table is the outbox: a running job without dispatched_at has no workflow yet. It is scanned by "not done", never
// by "newer than": a job with a lower id may commit later.

import type { JobAttempt, JobKind } from '../domain/job.ts';
import type { Tier } from '../domain/scopes.ts';
import { query, type Trx } from './database.ts';
import { inOrganization } from './in-organization.ts';
import { runningJobsSql } from './job-limits.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { waitingOrganizationsSql } from './waiting-organizations.ts';

/** A job whose workflow is to be started, with what operators are told of it. */
export interface Dispatch extends JobAttempt {
  organizationId: string;
  projectId: string;
  influencerId: string;
  sourceInfluencerId: string | null;
  kind: JobKind;
  /** Its organization's. */
  tier: Tier;
  /** Whether it had to wait for others of its organization. */
  hasWaited: boolean;
}

/**
 * Claims unstarted jobs for five seconds, at most `limit`: an equal share of every organization that has some first, so that
 * one organization's thousand do not hold up another's one, and of none more than may run at once. One claim is made at a
 * time, and sees the one before: two that do not see each other would let twice as many run. One that comes meanwhile claims nothing.
 */
export async function claimUndispatched(
  database: Trx,
  limit: number,
  runningLimits: Record<Tier, number>,
): Promise<Dispatch[]> {
  const turn = { what: 'claimUndispatched', maxSilenceMs: 5_000 };
  return (await oneAtATime(database, turn, (lock) => claim(lock, limit, runningLimits))) ?? [];
}

async function claim(trx: Trx, limit: number, runningLimits: Record<Tier, number>): Promise<Dispatch[]> {
  return query<Dispatch>(
    trx,
    `with recursive ${waitingOrganizationsSql('jobs', `dispatched_at is null and status = 'running'`)},
     candidate as materialized (
       select job.*, o.tier, row_number() over (partition by o.organization_id order by job.id) as place
       from (
         select waiting.organization_id, organization.tier,
                (:runningLimits::jsonb->>organization.tier)::integer as running_limit
         from waiting
         join organizations organization on organization.id = waiting.organization_id
       ) o,
       lateral (
         select id, claimed_until is null as "hasWaited" from jobs
         where ${inOrganization('o.organization_id')} and dispatched_at is null and status = 'running'
           and (claimed_until is null or claimed_until < now())
         order by organization_id, id
         limit least(:limit, greatest(0, o.running_limit - ${runningJobsSql('o.organization_id', 'o.running_limit')}))
         for update skip locked
       ) job
     ),
     claimed as (
       update jobs set claimed_until = now() + interval '5 seconds'
       from (select * from candidate order by place, id limit :limit) fair
       where jobs.id = fair.id
       returning jobs.*, fair.tier, fair."hasWaited"
     )
     select j.id as "jobId", j.attempt, j.organization_id as "organizationId", j.project_id as "projectId",
            j.influencer_id as "influencerId", i.source_influencer_id as "sourceInfluencerId", j.kind, j.tier,
            j."hasWaited"
     from claimed j join influencers i on i.organization_id = j.organization_id and i.id = j.influencer_id
     order by j.id`,
    { limit, runningLimits: JSON.stringify(runningLimits) },
  );
}

/** Marks workflows of attempts as started, in one statement; does nothing for an attempt that a later one has replaced. */
export async function markDispatched(trx: Trx, attempts: readonly JobAttempt[]): Promise<void> {
  await query(
    trx,
    `update jobs set dispatched_at = now(), claimed_until = null
     where id in (
       select j.id
       from unnest(:jobIds::uuid[], :attempts::integer[]) started (id, attempt)
       join jobs j on j.id = started.id and j.attempt = started.attempt and j.dispatched_at is null
       order by j.id for update of j -- in one order, so that no two wait for each other
     )`,
    { jobIds: attempts.map(({ jobId }) => jobId), attempts: attempts.map(({ attempt }) => attempt) },
  );
}
