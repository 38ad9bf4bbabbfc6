import type { JobStatus } from '../domain/job.ts';
import type { JobEventRow } from '../domain/job-event.ts';
import { query, type Trx } from './database.ts';
import type { OwnedId } from './influencers.ts';

export interface JobVersion {
  /** How far its events go. */
  version: number;
  status: JobStatus;
}

/** Finds, by their ids, how far several jobs are; those of another organization or environment than is said are not among them. */
export async function findJobVersions(trx: Trx, owned: readonly OwnedId[]): Promise<Map<string, JobVersion>> {
  const rows = await query<JobVersion & { id: string }>(
    trx,
    `select job.id, job.last_seq as version, job.status
     from unnest(:organizationIds::uuid[], :ids::uuid[], :environments::text[]) as asked (organization_id, id, environment)
     cross join lateral (
       select * from jobs j where j.organization_id = asked.organization_id and j.id = asked.id limit 1
     ) job
     where job.environment = asked.environment`,
    {
      organizationIds: owned.map(({ organizationId }) => organizationId),
      ids: owned.map(({ id }) => id),
      environments: owned.map(({ environment }) => environment),
    },
  );
  return new Map(rows.map(({ id, ...job }) => [id, job]));
}

/** What is wanted of one job's events. */
interface Wanted {
  organizationId: string;
  jobId: string;
  afterSeq: number;
}

/** Reads the events of several jobs, each from behind a number on, those of a job in their order. */
export async function eventsAfter(trx: Trx, wanted: readonly Wanted[]): Promise<JobEventRow[]> {
  return query<JobEventRow>(
    trx,
    `select e.job_id as "jobId", e.seq, e.type, e.at, e.status, e.stage, e.progress, e.attempt, e.shot,
            e.asset_id as "assetId", e.error
     from unnest(:organizationIds::uuid[], :jobIds::uuid[], :afterSeqs::integer[]) as wanted (organization_id, job_id, seq)
     join job_events e
       on e.organization_id = wanted.organization_id and e.job_id = wanted.job_id and e.seq > wanted.seq
     order by e.job_id, e.seq`,
    {
      organizationIds: wanted.map(({ organizationId }) => organizationId),
      jobIds: wanted.map(({ jobId }) => jobId),
      afterSeqs: wanted.map(({ afterSeq }) => afterSeq),
    },
  );
}
