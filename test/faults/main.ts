// Runs callers against processes of Doppel while faults are injected, from a seed, and judges everything at the end.
//
//   npm run faults -- --seed N --minutes M           faults at random, three at a time
//   npm run faults -- --fault 4 --jobs 500            one fault alone

import { execFileSync } from 'node:child_process';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { openJournal, runCallers, type Journal } from './callers.ts';
import { faults, type Fault } from './faults.ts';
import { plants } from './planted.ts';
import { judge, type Verdict } from './invariants.ts';
import { seededRandom, type Random } from './random.ts';
import { startWorld, type World } from './world.ts';

const options = new Command('faults')
  .option('--seed <n>', 'repeats a run', Number, Date.now() % 1_000_000)
  .option('--minutes <m>', 'how long callers go on', Number, 5)
  .option('--jobs <n>', 'how many jobs are enough', Number, Infinity)
  .option('--fault <n>', 'one fault alone, by its number', Number)
  .option('--plant <bug>', `a planted bug, which has to be found: ${Object.keys(plants).join(', ')}`)
  .parse()
  .opts<{ seed: number; minutes: number; jobs: number; fault?: number; plant?: string }>();

const number = options.fault ?? (options.plant === undefined ? undefined : plants[options.plant]?.fault);
const chosen = number === undefined ? null : faults.filter((fault) => fault.number === number);
if (chosen?.length === 0) throw new Error(`there is no fault ${String(number)}`);

const ledger = fileURLToPath(new URL('ledger.jsonl', import.meta.url));
const { seed } = options;
console.log(`seed ${String(seed)}`);
const random = seededRandom(seed);
const together: readonly Fault[] = chosen ?? pickThree(random.fork('faults'));
console.log(together.map(({ number, name }) => `(${String(number)}) ${name}`).join('\n'));

const world = await startWorld(random.fork('world'), { planted: options.plant });
try {
  const { journal, injected } = await run(world);
  const verdict = await judge(world, journal);
  await report(journal, verdict, injected);
} finally {
  await world.close();
}

function pickThree(from: Random): Fault[] {
  const left = [...faults];
  return Array.from({ length: 3 }, () => left.splice(from.below(left.length), 1)).flat();
}

async function run(on: World): Promise<{ journal: Journal; injected: number }> {
  for (const fault of together) {
    for (const { role, ...plan } of fault.failpoints ?? []) for (const member of on.of(role)) member.arm(plan);
  }
  const killedAt = options.plant === undefined ? undefined : plants[options.plant]?.killedAt;
  if (killedAt !== undefined) {
    for (const member of on.of('worker')) {
      member.arm({ at: killedAt, place: 'before', action: 'crash', chance: 0.1, most: 1 });
    }
  }
  if (together.some(({ failpoints }) => failpoints !== undefined))
    for (const member of on.members) await member.restart();
  const journal = await openJournal(on);
  const callersDone = new AbortController();
  const timeUp = AbortSignal.timeout(options.minutes * 60_000);
  let injected = 0;
  const injecting = Promise.all(
    together.map(async ({ name, inject }) => {
      const own = on.random.fork(name);
      while (inject && !callersDone.signal.aborted) injected += await inject(on, own);
    }),
  ).catch((error: unknown) => {
    callersDone.abort();
    throw error;
  });
  injecting.catch(() => undefined); // awaited below
  await runCallers(on, journal, { jobs: options.jobs, signal: AbortSignal.any([timeUp, callersDone.signal]) }).finally(
    () => {
      callersDone.abort();
    },
  );
  await injecting;
  for (const link of Object.values(on.links)) await link.heal();
  for (const member of on.members) member.arm(null);
  await delay(500);
  for (const member of on.members) await member.restart();
  const told = await readFile(join(on.folder, 'failpoints.jsonl'), 'utf8').catch(() => '');
  injected += told.split('\n').filter((line) => line.includes('"action"')).length;
  return { journal, injected };
}

async function report(journal: Journal, verdict: Verdict, injected: number): Promise<void> {
  const { jobs, ...violations } = verdict;
  const counts = Object.fromEntries(Object.entries(violations).map(([kind, list]) => [kind, list.length]));
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const line = {
    at: new Date().toISOString(),
    commit,
    seed,
    ...(options.plant === undefined ? {} : { plant: options.plant }),
    faults: together.map(({ number }) => number),
    injected,
    jobs,
    wishes: journal.wishes.length,
    doubts: journal.wishes.reduce((sum, { doubts }) => sum + doubts, 0),
    slowestMs: Math.round(journal.slowestMs),
    ...counts,
  };
  console.log(JSON.stringify(line));
  for (const [kind, list] of Object.entries(violations))
    for (const one of list.slice(0, 20)) console.log(`${kind}: ${one}`);
  await appendFile(ledger, `${JSON.stringify(line)}\n`);
  const isClean = Object.values(counts).every((count) => count === 0);
  if (options.plant !== undefined)
    console.log(isClean ? `${options.plant} was NOT found` : `${options.plant} was found`);
  if (isClean !== (options.plant === undefined)) process.exitCode = 1;
}
