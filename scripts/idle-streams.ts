// Measures what streams cost on which nothing happens: 5,000 of them, opened by a process of its own, on one API process. Each
// is a file handle on both sides: `ulimit -n` must allow for them.
//
//   npm run idle-streams

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { query, type Trx } from '../src/db/database.ts';
import { createInfluencer } from '../test/support/builders.ts';
import { createTenant } from '../test/support/api.ts';
import { spawnDoppel } from '../test/support/doppel-process.ts';
import { createTestDatabase, mochaGlobalTeardown } from '../test/support/postgres.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../test/support/temporary-folder.ts';

const count = Number(process.env['STREAMS'] ?? 5_000);
const idleMs = 30_000;
const withinMs = 120_000;
/** By when Postgres has counted what a connection did that is idle since. */
const statisticsWithinMs = 15_000;
/** How many are being opened at a time. */
const openingMax = 100;
const self = fileURLToPath(import.meta.url);

const [, , url, key] = process.argv;
if (url === undefined || key === undefined) await measure();
else await openAll(url, key);

/** The other process: opens the streams, says so, and keeps them until it is ended. */
async function openAll(url: string, key: string): Promise<void> {
  const openOne = () =>
    new Promise<void>((resolve, reject) => {
      const asking = request(url, { headers: { 'X-Api-Key': key }, agent: false }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`it is answered ${String(response.statusCode)}`));
        response.once('data', () => {
          resolve();
        });
        response.resume();
      });
      asking.on('error', reject);
      asking.end();
    });
  for (let opened = 0; opened < count; opened += openingMax) {
    await Promise.all(Array.from({ length: Math.min(openingMax, count - opened) }, openOne));
  }
  process.send?.('open');
}

/** Megabytes that are in memory. */
async function residentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

/** Transactions of this database, which is a statement each where none begins one; counted without this one. */
async function transactionsOf(database: Trx): Promise<number> {
  await query(database, 'select pg_stat_force_next_flush()');
  await query(database, 'select pg_stat_clear_snapshot()');
  const rows = await query<{ count: number }>(
    database,
    'select (xact_commit + xact_rollback)::int as count from pg_stat_database where datname = current_database()',
  );
  return rows[0]?.count ?? 0;
}

async function measure(): Promise<void> {
  const folder = await makeTemporaryFolder();
  const { database, url: databaseUrl, drop } = await createTestDatabase();
  const api = spawnDoppel(['api'], {
    cwd: folder,
    env: {
      ...{ PORT: '0', DOPPEL_DATA_DIR: folder, DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: '127.0.0.1:1' },
      ...{ SIGNING_KEYS: 'test:a-secret-of-the-tests-that-is-long-enough', LOG_LEVEL: 'info' },
      ...(process.env['NODE_OPTIONS'] === undefined ? {} : { NODE_OPTIONS: process.env['NODE_OPTIONS'] }),
    },
  });
  let opener: ChildProcess | undefined;
  try {
    const [, url = ''] = await api.says(/"url":"(http:[^"]+)"/);
    const tenant = await createTenant(database);
    const { jobId } = await createInfluencer({ url }, tenant);
    const resident = () => residentOf(api.pid);
    const before = await resident();
    console.log(`API before: ${before.toFixed(0)} MB`);

    const openedFrom = performance.now();
    opener = fork(self, [`${url}/v1/jobs/${jobId}/events`, tenant.key], { execArgv: process.execArgv });
    await Promise.race([
      once(opener, 'message'),
      once(opener, 'exit').then(() => {
        throw new Error('the streams could not be opened');
      }),
      delay(withinMs, undefined, { ref: false }).then(() => {
        throw new Error(`not open within ${String(withinMs / 1000)} s`);
      }),
    ]);
    console.log(`${String(count)} streams opened in ${((performance.now() - openedFrom) / 1000).toFixed(1)} s`);
    console.log(`API with them: ${(await resident()).toFixed(0)} MB, +${((await resident()) - before).toFixed(0)} MB`);

    await delay(statisticsWithinMs);
    const transactions = await transactionsOf(database);
    const noise = (await transactionsOf(database)) - transactions;
    await delay(idleMs);
    const seen = (await transactionsOf(database)) - transactions - 2 * noise;
    const after = await resident();
    console.log(`After ${String(idleMs / 1000)} s idle: ${after.toFixed(0)} MB, +${(after - before).toFixed(0)} MB`);
    console.log(`Transactions that Postgres saw meanwhile, of all connections: ${String(seen)}`);
  } finally {
    opener?.kill();
    api.kill('SIGTERM');
    const from = performance.now();
    await api.exited;
    console.log(`The API stopped in ${((performance.now() - from) / 1000).toFixed(1)} s`);
    await drop();
    await mochaGlobalTeardown();
    await removeTemporaryFolder(folder);
  }
}
