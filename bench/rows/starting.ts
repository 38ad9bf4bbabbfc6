// Rows 16 and 17: how soon it works, what it takes while nothing is asked of it, and how long the API's event loop stands still.

import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { query } from '../../src/db/database.ts';
import { formatId, parseId } from '../../src/domain/ids.ts';
import { freePorts } from '../../src/embedded/free-ports.ts';
import { until } from '../../test/support/eventually.ts';
import type { Bench } from '../bench.ts';
import { askSteadily } from '../load.ts';
import { askForJob, clonePerson, completedPerson, createPerson } from '../people.ts';
import { memoryOf, withDescendants } from '../processes.ts';
import type { Result, Row } from '../row.ts';
import { createSource } from '../source.ts';
import { median } from '../statistics.ts';

const tree = fileURLToPath(new URL('../..', import.meta.url));

/** Asks every few milliseconds until it is so; gives how long that is after `from`, in seconds. */
async function secondsUntil(from: number, isSo: () => Promise<boolean>): Promise<number> {
  await until('it is so', isSo, { withinMs: 60_000, everyMs: 5 }); // what it throws meanwhile: nobody listens yet
  return (performance.now() - from) / 1_000;
}

const detailOf = (times: readonly number[]): string =>
  `the median of ${String(times.length)}: ${times.map((time) => time.toFixed(2)).join(', ')} s`;

/** `npm start` as a user types it, on a folder of data that it has used before. */
async function startOfEverything({ effort, folder }: Bench): Promise<Result[]> {
  const { port } = await freePorts(['port']);
  const dataDir = join(folder, 'everything');
  const times: number[] = [];
  let memory = 0;
  for (let start = 0; start <= effort.pairs; start++) {
    const from = performance.now();
    const everything = spawn('npm', ['start'], {
      cwd: tree,
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, PORT: String(port), DOPPEL_DATA_DIR: dataDir },
    });
    const { pid } = everything;
    if (pid === undefined) throw new Error('npm start cannot be started');
    let pids = [pid];
    try {
      const time = await secondsUntil(from, async () => (await fetch(`http://127.0.0.1:${String(port)}/readyz`)).ok);
      if (start > 0) times.push(time); // the first one makes the data
      await delay(2_000);
      pids = await withDescendants(pid);
      memory = (await Promise.all(pids.map(memoryOf))).reduce((sum, bytes) => sum + bytes, 0);
    } finally {
      process.kill(-pid, 'SIGTERM');
      // npm ends before what it has started.
      await until('all has stopped', () => !pids.some((one) => existsSync(`/proc/${String(one)}`)));
    }
  }
  await rm(dataDir, { recursive: true });
  return [
    {
      what: '`npm start` to ready, with data, in s',
      value: median(times),
      bound: { atMost: 3 },
      detail: detailOf(times),
    },
    {
      what: 'idle memory of everything, in MB',
      value: memory / 1e6,
      bound: { atMost: 600 },
      detail: 'API and worker, Postgres, Temporal, npm',
    },
  ];
}

async function firstAccept(bench: Bench): Promise<Result> {
  const { influencerId, key } = await createSource(bench);
  const source = { key, influencerId: formatId('influencer', influencerId) };
  const times: number[] = [];
  for (let start = 0; start < bench.effort.pairs; start++) {
    const from = performance.now();
    const api = await bench.spawnDoppel('api');
    times.push(await secondsUntil(from, async () => (await clonePerson(api, source)).jobId !== ''));
    await api.stop();
  }
  const what = 'start of `doppel api` to the first 202, in s';
  return { what, value: median(times), bound: { atMost: 1 }, detail: detailOf(times) };
}

async function firstTask(bench: Bench): Promise<Result> {
  await bench.startTemporal();
  const api = await bench.startDoppel('api');
  // The first worker makes sure of search attributes, without which nothing starts.
  await (await bench.startDoppel('worker')).stop();
  const isSo = async (jobId: string, condition: string): Promise<boolean> => {
    const rows = await query(bench.database, `select from jobs where id = :id and ${condition}`, {
      id: parseId('job', jobId),
    });
    return rows.length > 0;
  };
  const times: number[] = [];
  for (let start = 0; start < bench.effort.pairs; start++) {
    const { jobId } = await createPerson(bench, api);
    await secondsUntil(performance.now(), () => isSo(jobId, 'dispatched_at is not null'));
    const from = performance.now();
    const worker = await bench.spawnDoppel('worker');
    times.push(await secondsUntil(from, () => isSo(jobId, `stage is distinct from 'queued'`)));
    await worker.stop();
  }
  await api.stop();
  const what = 'start of `doppel worker` to the first task, in s';
  return { what, value: median(times), bound: { atMost: 1 }, detail: detailOf(times) };
}

export const starts: Row = {
  number: 16,
  what: 'starting, and being there',
  async measure(bench) {
    const { stdout } = await promisify(execFile)('du', ['-sk', 'dist', 'node_modules'], { cwd: tree });
    const kilobytes = stdout.split('\n').reduce((sum, line) => sum + Number(line.split('\t')[0]), 0);
    return [
      ...(await startOfEverything(bench)),
      await firstAccept(bench),
      await firstTask(bench),
      {
        what: 'installed size, in MB',
        value: kilobytes / 1_024,
        bound: null,
        detail: 'dist and node_modules, with what development needs',
      },
    ];
  },
};

export const loopDelay: Row = {
  number: 17,
  what: 'event-loop delay of the API while all cores render',
  async measure(bench) {
    await bench.startTemporal();
    const file = join(bench.folder, 'loop-delay');
    const monitor = fileURLToPath(new URL('../others/loop-delay.mjs', import.meta.url));
    const api = await bench.startDoppel('api', { NODE_OPTIONS: `--import ${monitor}`, LOOP_DELAY_FILE: file });
    const worker = await bench.startDoppel('worker');
    const person = await completedPerson(bench, api);
    const { warmUp, measured } = bench.effort.seconds;
    const duration = 4 * measured;
    for (let clones = 0; clones < 20 * duration; clones++) await clonePerson(api, person);
    await delay(warmUp * 1_000);
    process.kill(api.pid, 'SIGUSR2'); // begins anew
    await askSteadily(bench, api.url, askForJob(person), { perSecond: 50, seconds: duration });
    process.kill(api.pid, 'SIGUSR2');
    const [row] = await query<{ running: number }>(
      bench.database,
      `select count(*)::integer as running from jobs where status = 'running'`,
    );
    if (row?.running === 0) throw new Error('there was too little to render');
    await delay(500);
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    const { p99, longest } = JSON.parse(lines.at(-1) ?? '') as { p99: number; longest: number };
    await worker.stop();
    await api.stop();
    return [
      {
        what: 'p99, in ms',
        value: p99,
        bound: { atMost: 10 },
        detail: `over ${String(duration)} s with 50 polls a second; the longest is ${longest.toFixed(1)} ms`,
      },
    ];
  },
};
