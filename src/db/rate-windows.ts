import { query, type Trx } from './database.ts';

/**
 * Hands out `block` more of a subject's allowance in this minute; gives how much of it is used then, this block included, and how
 * long the minute still has.
 */
export async function takeFromWindow(
  trx: Trx,
  subject: string,
  block: number,
): Promise<{ used: number; msLeft: number }> {
  const rows = await query<{ used: number; msLeft: number }>(
    trx,
    `insert into rate_windows (subject, minute, used) values (:subject, date_trunc('minute', now()), :block)
     on conflict (subject, minute) do update set used = rate_windows.used + excluded.used
     returning used, floor(extract(epoch from minute + interval '1 minute' - now()) * 1000)::integer as "msLeft"`,
    { subject, block },
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an upserted window was not returned');
  return row;
}

/** Forgets the windows of past minutes, and gives how many. */
export async function forgetWindows(trx: Trx): Promise<number> {
  const rows = await query(
    trx,
    `delete from rate_windows where minute < now() - interval '5 minutes' returning subject`,
  );
  return rows.length;
}
