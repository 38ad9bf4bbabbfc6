// Measures one worker process while it renders 1,000 shots: its memory, how long its event loop stands still, and how much of
// the processors is used. What is measured begins with the hundredth shot: until then code is loaded and memory fills.
//
//   npm run render-a-thousand

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import pino from 'pino';
import { createDispatcher } from '../src/temporal/dispatcher.ts';
import { openTemporal } from '../src/temporal/connection.ts';
import { query } from '../src/db/database.ts';
import { startWorker, type WorkerParts } from '../src/worker.ts';
import { installTemporalRuntime } from '../src/temporal-runtime.ts';
import { identities } from '../test/support/identities.ts';
import { acceptJob, createHome } from '../test/support/jobs.ts';
import { createTestDatabase, mochaGlobalTeardown } from '../test/support/postgres.ts';
import { startTestTemporal } from '../test/support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../test/support/temporary-folder.ts';
import { v7 as newId } from 'uuid';

const shotCount = Number(process.env['SHOTS'] ?? 1_000);
const warmShots = 100;
const withinMs = 15 * 60_000;
const log = pino({ level: 'warn' });
const self = fileURLToPath(import.meta.url);

interface Measured {
  longestBlockMs: number;
  p99BlockMs: number;
  cpuMs: number;
}

if (process.send === undefined) await measure();
else await work();

/** The worker's process: works, and tells what it measured since it was last asked. */
async function work(): Promise<void> {
  installTemporalRuntime(log);
  const [parts] = (await once(process, 'message')) as [Omit<WorkerParts, 'log'>];
  const worker = await startWorker({ ...parts, log });
  const blocks = monitorEventLoopDelay({ resolution: 5 });
  blocks.enable();
  let cpu = process.cpuUsage();
  process.on('message', (message) => {
    if (message === 'stop') {
      void worker.close().then(() => process.exit());
      return;
    }
    const { user, system } = process.cpuUsage(cpu);
    const measured: Measured = {
      longestBlockMs: blocks.max / 1e6,
      p99BlockMs: blocks.percentile(99) / 1e6,
      cpuMs: (user + system) / 1_000,
    };
    blocks.reset();
    cpu = process.cpuUsage();
    process.send?.(measured);
  });
  process.send?.('ready');
}

async function measuredBy(child: ChildProcess): Promise<Measured> {
  child.send('measure');
  const [measured] = (await once(child, 'message')) as [Measured];
  return measured;
}

/** Megabytes of a process that are in memory. */
async function residentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

/** What the whole machine's processors did since it started, in ms of one processor. */
function machineCpu(): { busy: number; all: number } {
  const times = cpus().map(({ times }) => times);
  const all = times.reduce((sum, { user, nice, sys, irq, idle }) => sum + user + nice + sys + irq + idle, 0);
  return { all, busy: all - times.reduce((sum, { idle }) => sum + idle, 0) };
}

async function measure(): Promise<void> {
  const folder = await makeTemporaryFolder();
  const temporal = await startTestTemporal();
  const { database, url: databaseUrl, drop } = await createTestDatabase();
  const child = fork(self, { execArgv: process.execArgv });
  const { temporal: client, connection } = openTemporal(temporal.connect);
  const dispatcher = createDispatcher({ database, temporal: client, newId, log });
  try {
    const parts: Omit<WorkerParts, 'log'> = {
      databaseUrl,
      databasePoolMax: 10,
      temporal: temporal.connect,
      storage: { kind: 'files', folder },
      attemptTimeoutMinutes: 120,
      webhooksAllowLocalhost: false,
      ai: null,
    };
    child.send(parts);
    await once(child, 'message');
    const pid = child.pid ?? 0;

    const home = await createHome(database);
    const people = fc.sample(identities, { numRuns: 60, seed: 1 });
    for (let job = 0; job < Math.ceil(shotCount / 6); job++) {
      await acceptJob(database, { home, identity: people[job % people.length] ?? {} });
    }
    const rendered = async () => {
      const rows = await query<{ count: number }>(
        database,
        `select count(*)::int as count from job_shots where status = 'rendered'`,
      );
      return rows[0]?.count ?? 0;
    };
    dispatcher.scan();
    const until = Date.now() + withinMs;
    const reach = async (count: number, onLook: () => Promise<void> = () => Promise.resolve()) => {
      while ((await rendered()) < count) {
        if (Date.now() > until) throw new Error('it takes too long');
        await onLook();
        await delay(250);
      }
    };
    await reach(warmShots);
    await measuredBy(child);
    const memory = [await residentOf(pid)];
    const [from, machine, warm] = [performance.now(), machineCpu(), await rendered()];
    await reach(shotCount, async () => {
      memory.push(await residentOf(pid));
    });
    memory.push(await residentOf(pid));
    const wallMs = performance.now() - from;
    const { busy, all } = machineCpu();
    const { longestBlockMs, p99BlockMs, cpuMs } = await measuredBy(child);
    const [first = 0] = memory;
    const done = (await rendered()) - warm;
    console.log(`${String(done)} shots in ${(wallMs / 1_000).toFixed(1)} s, after ${String(warm)} unmeasured ones`);
    console.log(
      `memory: ${first.toFixed(0)} MB at first, ${Math.min(...memory).toFixed(0)} to ${Math.max(...memory).toFixed(0)} MB since, ${(memory.at(-1) ?? 0).toFixed(0)} MB at last`,
    );
    console.log(`event loop: longest block ${longestBlockMs.toFixed(1)} ms, 99 % below ${p99BlockMs.toFixed(1)} ms`);
    console.log(
      `processors: the worker used ${(cpuMs / wallMs).toFixed(2)} of ${String(availableParallelism())}; with Postgres and Temporal ${((100 * (busy - machine.busy)) / (all - machine.all)).toFixed(0)} % of the machine was busy`,
    );
  } finally {
    await dispatcher.close();
    await connection.close();
    if (child.connected) child.send('stop');
    await once(child, 'exit');
    await drop();
    await temporal.close();
    await mochaGlobalTeardown();
    await removeTemporaryFolder(folder);
  }
}
