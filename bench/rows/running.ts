// Rows 9 to 11: what a clone takes after it was accepted.

import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { illustratedRenderer } from '../../activities/rendering/illustrated/illustrated-renderer.ts';
import { query } from '../../src/db/database.ts';
import { shots } from '../../src/domain/shots.ts';
import type { EmbeddedTemporal } from '../../src/embedded/temporal-server.ts';
import { until } from '../../test/support/eventually.ts';
import { historyCostsOf, type HistoryCosts } from '../../test/support/history-costs.ts';
import type { Bench, Server } from '../bench.ts';
import { ask } from '../load.ts';
import { compare, warmed, type Measurement } from '../pairs.ts';
import { clonePerson, completedPerson, jobThat, type MadeJob } from '../people.ts';
import { resultOf, type Result, type Row } from '../row.ts';
import { median } from '../statistics.ts';

const many = 64;

/** Doppel in one process, with pictures that are there before. */
const startInstant = (bench: Bench): Promise<Server> =>
  bench.startOther('others/instant.mjs', { DOPPEL_DATA_DIR: bench.folder });

const startShape = (bench: Bench): Promise<Server> =>
  bench.startOther('others/shape.mjs', { CORES: String(availableParallelism()) });

/** The time from a clone's 202 until its caller hears that it is completed, in ms: the median of those that one caller makes in turn. */
const timeOfClone =
  (server: Server, source: MadeJob): Measurement =>
  async ({ warmUp, measured }) => {
    const times: number[] = [];
    const from = performance.now() + warmUp * 1_000;
    while (performance.now() < from + measured * 1_000) {
      const clone = await clonePerson(server, source);
      const acceptedAt = performance.now();
      const { status } = await jobThat(server, clone, ({ status }) => status !== 'running', { waits: true });
      if (status !== 'completed') throw new Error(`a clone is ${status}`);
      if (acceptedAt > from) times.push(performance.now() - acceptedAt);
    }
    return median(times);
  };

const timeOf = (bench: Bench, server: Server, path: string): Measurement =>
  warmed(async (seconds) => (await ask(bench, server.url, { method: 'GET', path }, { callers: 1, seconds })).p50);

export const ownTime: Row = {
  number: 9,
  what: 'from the 202 of a clone to its end, with pictures that take no time',
  async measure(bench) {
    await bench.startTemporal();
    const [doppel, shape] = [await startInstant(bench), await startShape(bench)];
    const ours = timeOfClone(doppel, await completedPerson(bench, doppel));
    const byShape = await compare({ floor: timeOf(bench, shape, '/shape'), ours }, bench.effort);
    await shape.stop();
    const plain = await bench.startPlainTemporal();
    const regular = await startShape(bench);
    const byRegular = await compare({ floor: timeOf(bench, regular, '/regular'), ours }, bench.effort);
    await regular.stop();
    await plain.stop();
    return [
      resultOf('by F4, the same shape of activities that do nothing', { atMost: 1.5 }, byShape, 'ms'),
      resultOf('by six regular activities on a default dev server', { atMost: 0.15 }, byRegular, 'ms'),
    ];
  },
};

const statusesOf = async ({ database }: Bench): Promise<Record<'completed' | 'running' | 'other', number>> => {
  const [row] = await query<Record<'completed' | 'running' | 'other', number>>(
    database,
    `select count(*) filter (where status = 'completed')::integer as completed,
            count(*) filter (where status = 'running')::integer as running,
            count(*) filter (where status not in ('completed', 'running'))::integer as other
     from jobs`,
  );
  return row ?? { completed: 0, running: 0, other: 0 };
};

/** Clones completed a second, while there are more than can be. Those that are left are completed before it ends. */
export function clonesPerSecond(bench: Bench, server: Server, source: MadeJob): Measurement {
  let expected = 20;
  return async ({ warmUp, measured }) => {
    const wanted = Math.ceil(expected * 1.5 * (warmUp + measured)) + many;
    for (let asked = 0; asked < wanted; asked += many) {
      await Promise.all(Array.from({ length: many }, () => clonePerson(server, source)));
    }
    await delay(warmUp * 1_000);
    const [before, from] = [await statusesOf(bench), performance.now()];
    await delay(measured * 1_000);
    const [after, to] = [await statusesOf(bench), performance.now()];
    if (after.running === 0) throw new Error('there were too few clones to be completed');
    expected = ((after.completed - before.completed) / (to - from)) * 1_000;
    await until('clones end', async () => (await statusesOf(bench)).running === 0, { withinMs: 150_000, everyMs: 50 });
    if ((await statusesOf(bench)).other > 0) throw new Error('not all clones are completed');
    return expected;
  };
}

export const throughput: Row = {
  number: 10,
  what: 'clones completed a second',
  async measure(bench) {
    const temporal = await bench.startTemporal();
    const [doppel, shape] = [await startInstant(bench), await startShape(bench)];
    const instant = clonesPerSecond(bench, doppel, await completedPerson(bench, doppel));
    const shapes = warmed(
      async (seconds) =>
        (await ask(bench, shape.url, { method: 'GET', path: '/shape' }, { callers: many, seconds })).perSecond,
    );
    const byShape = await compare({ floor: shapes, ours: instant }, bench.effort);
    await doppel.stop();
    await shape.stop();
    const real = await bench.startDoppel('start', { TEMPORAL_ADDRESS: temporal.address });
    const drawn = clonesPerSecond(bench, real, await completedPerson(bench, real));
    const byCores = await compare({ floor: setsPerSecondAtMost, ours: drawn }, bench.effort);
    await real.stop();
    return [
      resultOf(
        'no time to render / F4, the same shape of activities that do nothing',
        { atLeast: 0.9 },
        byShape,
        'a second',
      ),
      resultOf('drawn / cores ÷ CPU time of drawing alone', { atLeast: 0.9 }, byCores, 'a second'),
    ];
  },
};

/** F5: sets of images a second, if all cores did nothing but draw. */
const setsPerSecondAtMost: Measurement = async ({ measured }) => {
  const { signal } = new AbortController();
  const [cpu, from] = [process.cpuUsage(), performance.now()];
  let sets = 0;
  while (performance.now() < from + measured * 1_000) {
    for (const shot of shots) {
      await illustratedRenderer.render({ identity: {}, shot, seed: String(sets), references: [] }, signal);
    }
    sets++;
  }
  const { user, system } = process.cpuUsage(cpu);
  return (availableParallelism() * sets * 1e6) / (user + system);
};

async function costsOf({ address, namespace }: EmbeddedTemporal, workflowId: string): Promise<HistoryCosts> {
  const connection = await Connection.connect({ address });
  try {
    return historyCostsOf(await new Client({ connection, namespace }).workflow.getHandle(workflowId).fetchHistory());
  } finally {
    await connection.close();
  }
}

export const historyCounts: Row = {
  number: 11,
  what: 'history of a six-shot clone',
  async measure(bench) {
    const server = await bench.startTemporal();
    const doppel = await bench.startDoppel('start', { TEMPORAL_ADDRESS: server.address });
    const clone = await clonePerson(doppel, await completedPerson(bench, doppel));
    await jobThat(doppel, clone, ({ status }) => status === 'completed');
    const costs = await costsOf(server, clone.jobId);
    await doppel.stop();
    return resultsOf(costs);
  },
};

function resultsOf({ events, drawings, tasks, groups, payloadBytes }: HistoryCosts): Result[] {
  if (drawings !== shots.length) throw new Error(`${String(drawings)} drawings are in the history`);
  const detail = `${String(shots.length)} shots, ${String(groups)} groups of shots that finished together`;
  return [
    {
      what: 'events beyond 4 for each shot and 3 for each group',
      value: events - 4 * shots.length - 3 * groups,
      bound: { atMost: 14 },
      detail: `${String(events)} events, ${detail}`,
    },
    { what: 'workflow tasks beyond one for each group', value: tasks - groups, bound: { atMost: 2 }, detail },
    { what: 'bytes of payload of the largest event', value: payloadBytes, bound: { atMost: 1_024 }, detail },
  ];
}
