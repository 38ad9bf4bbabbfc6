// Row 13: whether it matters how much is there.

import { openDatabase, query } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { formatId } from '../../src/domain/ids.ts';
import { createCrowd, growCrowd, type Crowd } from '../../scripts/crowd.ts';
import { createTestKey } from '../../test/support/api.ts';
import type { Bench, Server } from '../bench.ts';
import { ask, type Asked } from '../load.ts';
import { compare, warmed, type Measurement } from '../pairs.ts';
import { askForJob } from '../people.ts';
import { resultOf, type Result, type Row } from '../row.ts';
import { acceptsPerSecond } from './accepting.ts';

const few = 1_000;
const callers = 32;
const pageSize = 25;
const farPage = 1_000;

interface Side extends Pick<Bench, 'database' | 'folder'> {
  api: Server;
  crowd: Crowd;
  key: string;
  jobId: string;
}

/** A database of its own with so many jobs, and an API on it. */
async function openSide(bench: Bench, count: number): Promise<Side> {
  const name = `jobs_${String(count)}`;
  await query(bench.database, `create database ${name}`);
  const url = new URL(bench.databaseUrl);
  url.pathname = `/${name}`;
  const database = openDatabase(url.href, { poolMax: 2 });
  bench.addCloser(() => database.destroy());
  await migrate(database);
  const crowd = await createCrowd(database);
  await growCrowd(database, crowd, { count, failedEvery: 100 });
  const key = await createTestKey(database, crowd.organizationId, { scopes: ['*'] });
  const [job] = await query<{ id: string }>(
    database,
    `select id from jobs where organization_id = :organizationId and status = 'completed' order by started_at limit 1`,
    { ...crowd },
  );
  const api = await bench.startDoppel('api', { DATABASE_URL: url.href });
  return { database, folder: bench.folder, api, crowd, key, jobId: formatId('job', job?.id ?? '') };
}

/** Where the list's page of that number begins, in pages of this size: it is gone to in longer ones. */
async function cursorOf({ api, key }: Side, page: number): Promise<string> {
  let cursor = '';
  for (let left = (page - 1) * pageSize; left > 0; left -= 100) {
    const from = cursor === '' ? '' : `&cursor=${cursor}`;
    const response = await fetch(`${api.url}/v1/jobs?limit=${String(Math.min(100, left))}${from}`, {
      headers: { 'X-Api-Key': key },
    });
    const { nextCursor } = (await response.json()) as { nextCursor?: string | null };
    if (nextCursor == null) throw new Error(`there are fewer than ${String(page)} pages`);
    cursor = nextCursor;
  }
  return cursor;
}

export const sizes: Row = {
  number: 13,
  what: 'with many jobs in the database, against a thousand',
  async measure(bench) {
    const small = await openSide(bench, few);
    const large = await openSide(bench, bench.effort.crowd);
    const asks = (side: Side, asked: Asked): Measurement =>
      warmed(async (seconds) => (await ask(side, side.api.url, asked, { callers, seconds })).perSecond);
    const list = ({ key }: Side, cursor = ''): Asked => ({
      method: 'GET',
      path: `/v1/jobs?limit=${String(pageSize)}${cursor === '' ? '' : `&cursor=${cursor}`}`,
      headers: { 'X-Api-Key': key },
    });
    const poll = (side: Side) => askForJob(side);
    const accepts = (side: Side) => acceptsPerSecond(side, side.api, callers);
    const far = await cursorOf(large, Math.min(farPage, bench.effort.crowd / pageSize / 2));
    const compared: [what: string, atLeast: number, floor: Measurement, ours: Measurement][] = [
      ['accepts', 0.9, accepts(small), accepts(large)],
      ['polls', 0.95, asks(small, poll(small)), asks(large, poll(large))],
      ['first page of the list of jobs', 0.8, asks(small, list(small)), asks(large, list(large))],
      ['page 1,000, against the first', 0.8, asks(small, list(small)), asks(large, list(large, far))],
    ];
    const results: Result[] = [];
    for (const [what, atLeast, floor, ours] of compared) {
      results.push(resultOf(what, { atLeast }, await compare({ floor, ours }, bench.effort), 'a second'));
    }
    await small.api.stop();
    await large.api.stop();
    return results;
  },
};
