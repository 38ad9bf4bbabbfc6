import type { JobStatus } from '../domain/job.ts';
import type { JobEventRow } from '../domain/job-event.ts';
import { query, type Trx } from './database.ts';
import type { OwnedId } from './influencers.ts';

/** Finds how far a job's events go, which is its version; undefined also for a job of another organization or environment. */
export async function findJobVersion(
  trx: Trx,
  owned: OwnedId,
): Promise<{ version: number; status: JobStatus } | undefined> {
  const rows = await query<{ version: number; status: JobStatus }>(
    trx,
    `select last_seq as version, status from jobs
     where organization_id = :organizationId and id = :id and environment = :environment`,
    { ...owned },
  );
  return rows[0];
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
