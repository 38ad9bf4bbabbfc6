import type { RendererName } from '../domain/shots.ts';
import { query, type Trx } from './database.ts';

/** The median time that a drawing of a renderer's last fifty completed jobs took, in ms; null without any. */
export async function medianDrawingMs(trx: Trx, renderer: RendererName): Promise<number | null> {
  const rows = await query<{ ms: number | null }>(
    trx,
    `select percentile_cont(0.5) within group (order by extract(epoch from settled_at - started_at) * 1000) as ms
     from (
       select organization_id, id from jobs
       where renderer = :renderer and status = 'completed' order by finished_at desc limit 50
     ) newest
     join job_shots s on s.organization_id = newest.organization_id and s.job_id = newest.id
     where s.status = 'rendered' and s.started_at is not null`,
    { renderer },
  );
  return rows[0]?.ms ?? null;
}
