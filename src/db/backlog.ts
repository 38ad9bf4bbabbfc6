import { query, type Trx } from './database.ts';

/** Tells whether so many jobs of all organizations are queued; counts no further than that. */
export async function hasQueuedJobs(trx: Trx, limit: number): Promise<boolean> {
  const rows = await query<{ isFull: boolean }>(
    trx,
    `select count(*) >= :limit as "isFull"
     from (select from jobs where status = 'running' and stage = 'queued' limit :limit) queued`,
    { limit },
  );
  return rows[0]?.isFull === true;
}
