import type { JobStage } from '../domain/job.ts';
import { query, type Trx } from './database.ts';
import { livesSql } from './workers.ts';

/** What there is to be done in the whole service, for its operators. Times are in seconds; 0 where nothing waits. */
export interface Load {
  /** Jobs that run, by stage. */
  jobs: Partial<Record<JobStage, number>>;
  /** Jobs whose workflow was not started, and how long the oldest waits of those whose turn it is. */
  unstarted: number;
  oldestUnstarted: number;
  /** Webhooks whose next attempt is due, and for how long the first of them is. */
  dueWebhooks: number;
  oldestDueWebhook: number;
  /** Workers that live. */
  workers: number;
}

/** Reads the load. Its cost is that of the jobs that run and of the webhooks that are due. */
export async function readLoad(trx: Trx): Promise<Load> {
  const [load] = await query<Load>(
    trx,
    `select coalesce((
              select jsonb_object_agg(stage, count)
              from (select stage, count(*) from jobs where status = 'running' group by stage) stages
            ), '{}') as jobs,
            jobs.count::integer as unstarted, jobs.oldest as "oldestUnstarted",
            webhooks.count::integer as "dueWebhooks", webhooks.oldest as "oldestDueWebhook",
            (select count(*)::integer from workers where ${livesSql('seen_at')}) as workers
     from (
       select count(*), coalesce(extract(epoch from now() - min(attempt_at) filter (where claimed_until is not null)), 0)::float8 as oldest
       from jobs where status = 'running' and dispatched_at is null
     ) jobs,
     (
       select count(*), coalesce(extract(epoch from now() - min(next_attempt_at)), 0)::float8 as oldest
       from webhook_deliveries where status = 'pending' and next_attempt_at <= now()
     ) webhooks`,
  );
  if (load === undefined) throw new Error('Postgres gave no row');
  return load;
}
