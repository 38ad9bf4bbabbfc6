import type { RendererName } from '../domain/shots.ts';
import { query, type Trx } from './database.ts';

/** The median time that a renderer's last fifty completed jobs took from their first shot to their end, in ms; null without any. */
export async function medianRenderingMs(trx: Trx, renderer: RendererName): Promise<number | null> {
  const rows = await query<{ ms: number | null }>(
    trx,
    `select percentile_cont(0.5) within group (order by extract(epoch from finished_at - rendering_at) * 1000) as ms
     from (
       select finished_at, rendering_at from jobs
       where renderer = :renderer and status = 'completed' order by finished_at desc limit 50
     ) newest`,
    { renderer },
  );
  return rows[0]?.ms ?? null;
}
