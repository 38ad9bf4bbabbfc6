// What the ledger of measures says, as rows of a table.

import type { Latency } from './asking.ts';
import type { MemoryOfOne } from './memory.ts';

interface Line {
  measure: string;
  isSmall: boolean;
  holds: boolean;
}

interface DurableLine extends Line {
  crashes: number;
  acknowledged: number;
  missing: number;
  doubled: number;
}
interface TemporalAwayLine extends Line {
  minutes: number;
  acceptedShare: number;
  before: Latency;
  during: Latency;
  endedAfterSeconds: number;
  jobs: number;
}
interface PostgresAwayLine extends Line {
  times: number;
  awaySeconds: number;
  whileAway: Latency;
  firstAcceptedMs: number;
}
interface WorkerKilledLine extends Line {
  kills: number;
  withinMs: number;
  done: Latency;
}
interface OverloadLine extends Line {
  completedPerSecond: number;
  asked: number;
  accepted: Latency;
  refused: Latency;
  memory: Record<string, MemoryOfOne>;
  ratio: { p50: number; p99: number };
}
interface NoisyNeighbourLine extends Line {
  rounds: number;
  calm: Latency;
  stormy: Latency;
  ratio: { p50: number; p99: number };
}

/** What was found with the last of its runs; all of them count where they add up. */
interface Telling<Of extends Line> {
  promise: string;
  tell: (last: Of, all: readonly Of[]) => string;
  command: string;
}

const text = String;
const add = (numbers: readonly number[]) => text(numbers.reduce((sum, number) => sum + number, 0));

const durable: Telling<DurableLine> = {
  promise: 'Postgres crashes again and again: no acknowledged job is missing or doubled',
  tell: (_, all) =>
    `${add(all.map(({ crashes }) => crashes))} crashes, ${add(all.map(({ acknowledged }) => acknowledged))} acknowledged, ` +
    `${add(all.map(({ missing }) => missing))} missing, ${add(all.map(({ doubled }) => doubled))} doubled`,
  command: '--which durable --acknowledged 5000 --crashes 5',
};
const temporalAway: Telling<TemporalAwayLine> = {
  promise: 'Temporal gone for ten minutes: 99.99 % accepted, p99 at most 1.5 times that of before; then all jobs end',
  tell: ({ minutes, acceptedShare, before, during, jobs, endedAfterSeconds }) =>
    `${text(minutes)} minutes, ${(acceptedShare * 100).toFixed(3)} % accepted, p99 ${text(before.p99)} → ${text(during.p99)} ms; ` +
    `${text(jobs)} jobs ended ${text(endedAfterSeconds)} s after the return`,
  command: '--which temporal-away --minutes 10',
};
const postgresAway: Telling<PostgresAwayLine> = {
  promise: 'Postgres gone for 20 s: each call is told so within 1 s, and 1 s after the return jobs are accepted',
  tell: ({ times, awaySeconds, whileAway, firstAcceptedMs }) =>
    `${text(times)} times ${text(awaySeconds)} s, ${text(whileAway.count)} calls answered within ${text(whileAway.max)} ms ` +
    `(p99 ${text(whileAway.p99)} ms), first 202 after ${text(firstAcceptedMs)} ms`,
  command: '--which postgres-away',
};
const workerKilled: Telling<WorkerKilledLine> = {
  promise: 'a worker killed while it draws: its job is done within heartbeat timeout + 1 s + 3 s',
  tell: ({ kills, withinMs, done }) =>
    `${text(kills)} kills, done after ${text(done.p50)} ms (median), ${text(done.max)} ms at most, of ${text(withinMs)} ms`,
  command: '--which worker-killed',
};
const overload: Telling<OverloadLine> = {
  promise:
    'ten times as many jobs as can be done, and past every limit: accepted ones are kept, others refused within 1 s; memory has an end; a minute later p50 and p99 are at most 1.5 times those of before',
  tell: ({ completedPerSecond, asked, accepted, refused, memory, ratio }) =>
    `${text(completedPerSecond)} jobs/s can be done; of ${text(asked)} asked for ${text(accepted.count)} accepted, ` +
    `${text(refused.count)} calls refused within ${text(refused.max)} ms; at most ` +
    `${Object.entries(memory)
      .map(([name, { mostMb }]) => `${name} ${text(mostMb)} MB`)
      .join(', ')}; p50 × ${text(ratio.p50)}, p99 × ${text(ratio.p99)}`,
  command: '--which overload',
};
const noisyNeighbour: Telling<NoisyNeighbourLine> = {
  promise: 'one tenant storms over 64 connections: another one’s p50 and p99 at most double',
  tell: ({ rounds, calm, stormy, ratio }) =>
    `${text(rounds)} rounds, p50 ${text(calm.p50)} → ${text(stormy.p50)} ms, p99 ${text(calm.p99)} → ${text(stormy.p99)} ms; ` +
    `× ${text(ratio.p50)} and × ${text(ratio.p99)} (medians of rounds)`,
  command: '--which noisy-neighbour',
};

/** Rows of what was found, without quick tries; `ledger` has one line of JSON for each run. */
export function measuredRows(ledger: string): string[] {
  const lines = ledger
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
    .filter(({ isSmall }) => !isSmall);
  const row = <Of extends Line>(name: string, { promise, tell, command }: Telling<Of>): string => {
    const all = lines.filter(({ measure }) => measure === name) as Of[];
    const last = all.at(-1);
    const held = all.filter(({ holds }) => holds).length;
    return `| ${promise} | ${text(all.length)} | ${text(held)} | ${last === undefined ? '' : tell(last, all)} | \`npm run faults:measure -- ${command}\` |`;
  };
  return [
    row('durable', durable),
    row('temporal-away', temporalAway),
    row('postgres-away', postgresAway),
    row('worker-killed', workerKilled),
    row('overload', overload),
    row('noisy-neighbour', noisyNeighbour),
  ];
}
