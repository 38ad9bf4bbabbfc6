// Row 14: the memory of a process that runs workflows.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { query } from '../../src/db/database.ts';
import { createTenant } from '../../test/support/api.ts';
import { eventually, until } from '../../test/support/eventually.ts';
import type { Bench, Server } from '../bench.ts';
import { clonePerson, completedPerson, createPerson, type MadeJob } from '../people.ts';
import { memoryOf } from '../processes.ts';
import type { Result, Row } from '../row.ts';
import { median } from '../statistics.ts';

const cached = 400;
const settleMs = 30_000;

async function countJobs({ database }: Bench, condition: string): Promise<number> {
  const [row] = await query<{ count: number }>(
    database,
    `select count(*)::integer as count from jobs where status = 'running' and ${condition}`,
  );
  return row?.count ?? 0;
}

const untilNone = (bench: Bench, condition: string): Promise<void> =>
  until(`no job has ${condition}`, async () => (await countJobs(bench, condition)) === 0, {
    withinMs: 600_000,
    everyMs: 100,
  });

/** Makes so many clones to the end, a few at a time. */
async function cloneMany(bench: Bench, server: Server, person: MadeJob, count: number): Promise<void> {
  for (let made = 0; made < count; made += 20) {
    await Promise.all(Array.from({ length: 20 }, () => clonePerson(server, person)));
  }
  await untilNone(bench, 'true');
}

/** What a workflow costs that waits, and is kept by its worker meanwhile. */
async function idleWorkflows(bench: Bench): Promise<Result> {
  const api = await bench.startDoppel('api');
  const worker = await bench.startDoppel('worker');
  const tenant = await createTenant(bench.database, { environment: 'test' });
  await completedPerson(bench, api);
  for (let warm = 0; warm < 20; warm++) await createPerson(bench, api, { tenant, simulate: 'delay_ms=100' });
  await untilNone(bench, 'true');
  const before = await memoryOf(worker.pid);
  for (let started = 0; started < cached; started++) {
    await createPerson(bench, api, { tenant, simulate: 'delay_ms=60000' });
  }
  await untilNone(bench, `stage <> 'rendering'`);
  const memory = ((await memoryOf(worker.pid)) - before) / cached;
  await worker.stop();
  await api.stop();
  return {
    what: 'a workflow that waits in the cache, in KB',
    value: memory / 1_024,
    bound: { atMost: 300 },
    detail: `of ${String(cached)}`,
  };
}

/** Whether what two thousand jobs take comes back, and whether anything is left of each in a quarter of an hour. */
async function growth(bench: Bench): Promise<Result[]> {
  const file = join(bench.folder, 'heap');
  const reporter = fileURLToPath(new URL('../others/heap.mjs', import.meta.url));
  const doppel = await bench.startOther('others/instant.mjs', {
    DOPPEL_DATA_DIR: bench.folder,
    HEAP_FILE: file,
    NODE_OPTIONS: `--expose-gc --import ${reporter}`,
  });
  const told = async () => (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(0, -1).map(Number);
  const heap = async (): Promise<number> => {
    const { length: before } = await told();
    process.kill(doppel.pid, 'SIGUSR2');
    return eventually('the heap is told', async () => (await told())[before], { withinMs: 30_000, everyMs: 100 });
  };
  const person = await completedPerson(bench, doppel);
  await cloneMany(bench, doppel, person, 400); // until then code is loaded, and memory fills
  await delay(settleMs);
  await heap();
  const before = await memoryOf(doppel.pid);
  await cloneMany(bench, doppel, person, 2_000);
  await delay(settleMs);
  await heap();
  const ratio = (await memoryOf(doppel.pid)) / before;

  const minutes = bench.effort.pairs === 1 ? 1 : 15;
  const samples: { hours: number; bytes: number }[] = [];
  const from = performance.now();
  while (performance.now() - from < minutes * 60_000) {
    await cloneMany(bench, doppel, person, 100);
    samples.push({ hours: (performance.now() - from) / 3_600_000, bytes: await heap() });
  }
  await doppel.stop();
  const slope = slopeOf(samples) / median(samples.map(({ bytes }) => bytes));
  return [
    {
      what: 'memory after 2,000 jobs / before',
      value: ratio,
      bound: { atMost: 1.1 },
      detail: `${(before / 1e6).toFixed(0)} MB before`,
    },
    {
      what: 'growth of the heap in an hour, by what it is',
      value: slope,
      bound: { atMost: 0.01 },
      detail: `over ${String(minutes)} minutes, ${String(samples.length)} times a hundred clones`,
    },
  ];
}

/** Bytes an hour, by Theil and Sen: the median of the slopes between all pairs, which single samples do not bend. */
function slopeOf(samples: readonly { hours: number; bytes: number }[]): number {
  return median(
    samples.flatMap((one, at) =>
      samples.slice(at + 1).map((other) => (other.bytes - one.bytes) / (other.hours - one.hours)),
    ),
  );
}

export const memory: Row = {
  number: 14,
  what: 'memory of what runs workflows',
  async measure(bench) {
    await bench.startTemporal();
    return [await idleWorkflows(bench), ...(await growth(bench))];
  },
};
