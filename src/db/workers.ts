import { query, type Trx } from './database.ts';

/** Whether a worker that says every few seconds that it lives still does: an SQL expression over when it was last seen. */
export const livesSql = (seenAt: string) => `coalesce(${seenAt} > now() - interval '12 seconds', false)`;

/** Says that a worker process lives, and forgets those that have not said so for an hour. */
export async function touchWorker(trx: Trx, workerId: string): Promise<void> {
  await query(
    trx,
    `with gone as (delete from workers where seen_at < now() - interval '1 hour' and id <> :workerId)
     insert into workers (id) values (:workerId) on conflict (id) do update set seen_at = now()`,
    { workerId },
  );
}

export async function removeWorker(trx: Trx, workerId: string): Promise<void> {
  await query(trx, 'delete from workers where id = :workerId', { workerId });
}
