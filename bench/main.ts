// npm run bench: how fast Doppel is, against what the machine can do and what else one would take, in one run.
//
//   npm run bench                    every row
//   npm run bench -- --row 6         one
//   npm run bench -- --short         a first answer, of little weight

import { execFileSync } from 'node:child_process';
import { Command } from 'commander';
import { seededRandom } from '../test/faults/random.ts';
import { openBench } from './bench.ts';
import { record, type Recorded } from './results.ts';
import { isReached, saidOf } from './row.ts';
import { rows } from './rows/index.ts';

const { row: number, short: isShort } = new Command('bench')
  .option('--row <n>', 'one row alone', Number)
  .option('--short', 'few pairs, short ones: nothing is recorded', false)
  .parse()
  .opts<{ row?: number; short: boolean }>();

const chosen = number === undefined ? rows : rows.filter((row) => row.number === number);
if (chosen.length === 0) throw new Error(`there is no row ${String(number)}`);

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const effort = isShort
  ? { pairs: 1, seconds: { warmUp: 1, measured: 2 }, crowd: 20_000, burst: 5_000 }
  : { pairs: 7, seconds: { warmUp: 1, measured: 5 }, crowd: 1_000_000, burst: 50_000 };
const recorded: Recorded[] = [];
for (const row of chosen) {
  console.log(`${String(row.number)}. ${row.what}`);
  const bench = await openBench({ ...effort, random: seededRandom(row.number) });
  try {
    for (const result of await row.measure(bench)) {
      const verdict = isReached(result) ? 'reached' : 'NOT REACHED';
      const { measured, needed } = saidOf(result);
      console.log(`   ${result.what}: ${measured}, ${needed}: ${verdict}\n     ${result.detail}`);
      recorded.push({ row: row.number, ...result });
    }
  } finally {
    await bench.close();
  }
}
if (!isShort) await record(commit, recorded);
if (!recorded.every(isReached)) process.exitCode = 1;
