import { query, type Trx } from './database.ts';

/** Measures how far Postgres's clock is ahead of this process's, in ms, taking half of the round trip for the way back. */
export async function clockOffsetMs(trx: Trx): Promise<number> {
  const sentAt = Date.now();
  const rows = await query<{ now: Date }>(trx, 'select clock_timestamp()::timestamptz(3) as now');
  const receivedAt = Date.now();
  return rows[0] === undefined ? 0 : rows[0].now.getTime() - (sentAt + receivedAt) / 2;
}
