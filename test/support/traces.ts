// What a request leaves behind, wherever it is kept.

import assert from 'node:assert/strict';
import { query } from '../../src/db/database.ts';
import type { TestApi } from './api.ts';
import { filesIn } from './uploads.ts';

type Kept = Pick<TestApi, 'database' | 'storageFolder'>;

/** Calls are counted whatever becomes of them. */
const counters = ['rate_windows'];
/** The dispatcher claims rows of these when it likes, so that only their number tells something. */
const claimed = ['jobs', 'webhook_deliveries'];

/** Of each table how many rows it has and which transaction wrote the newest of them, and the names of all files. */
export async function keptIn({ database, storageFolder }: Kept): Promise<unknown[]> {
  const tables = await query<{ name: string }>(
    database,
    `select tablename as name from pg_tables where schemaname = 'public' and tablename <> all(:counters) order by 1`,
    { counters },
  );
  const counts = tables.map(({ name }) => {
    const newest = claimed.includes(name) ? 'null' : 'max(xmin::text::bigint)';
    return `select '${name}' as table, count(*), ${newest} as newest from ${name}`;
  });
  return [...(await query(database, counts.join(' union all '))), await filesIn(storageFolder)];
}

/** Does what is to be refused, and asserts that it has left everything as it was: no row, no change of one, no file. */
export async function leavingNothing<Result>(kept: Kept, attempt: () => Promise<Result>): Promise<Result> {
  const before = await keptIn(kept);
  const result = await attempt();
  assert.deepEqual(await keptIn(kept), before);
  return result;
}
