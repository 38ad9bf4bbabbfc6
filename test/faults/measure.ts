// Measures what the service promises of itself while something is away, crashes or storms; the ledger of it is measures.jsonl.
//
//   npm run faults:measure -- --which durable --acknowledged 5000 --crashes 5
//   npm run faults:measure -- --which overload --small         a quick try

import { execFileSync } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { durable } from './measures/durable.ts';
import type { Measure, MeasureOptions } from './measures/measure.ts';
import { noisyNeighbour } from './measures/noisy-neighbour.ts';
import { overload } from './measures/overload.ts';
import { postgresAway } from './measures/postgres-away.ts';
import { temporalAway } from './measures/temporal-away.ts';
import { workerKilled } from './measures/worker-killed.ts';

const measures: Readonly<Record<string, Measure>> = {
  durable,
  'temporal-away': temporalAway,
  'postgres-away': postgresAway,
  'worker-killed': workerKilled,
  overload,
  'noisy-neighbour': noisyNeighbour,
};

const { which, small, ...options } = new Command('faults:measure')
  .addOption(new Option('--which <name>', 'what is measured').choices(Object.keys(measures)).makeOptionMandatory())
  .option('--small', 'a quick try', false)
  .option('--acknowledged <n>', 'durable: how many 202s', Number)
  .option('--crashes <n>', 'durable: how often Postgres crashes', Number)
  .option('--minutes <m>', 'temporal-away: how long', Number)
  .parse()
  .opts<{ which: string; small: boolean } & Partial<Omit<MeasureOptions, 'isSmall'>>>();

const measured = await measures[which]?.({
  isSmall: small,
  acknowledged: small ? 500 : 5_000,
  crashes: small ? 2 : 5,
  minutes: small ? 0.5 : 10,
  ...options,
});
if (measured === undefined) throw new Error(`there is no ${which}`);
const line = {
  at: new Date().toISOString(),
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
  measure: which,
  isSmall: small,
  ...measured.numbers,
  faults: measured.faults.length,
  holds: measured.holds,
};
console.log(JSON.stringify(line));
for (const fault of measured.faults.slice(0, 20)) console.log(fault);
await appendFile(fileURLToPath(new URL('measures.jsonl', import.meta.url)), `${JSON.stringify(line)}\n`);
if (!measured.holds) process.exitCode = 1;
