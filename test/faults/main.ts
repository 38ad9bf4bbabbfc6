// Runs callers against processes of Doppel while faults are injected, from a seed, and judges everything at the end.
//
//   npm run faults -- --seed N --minutes M           faults at random, three at a time
//   npm run faults -- --fault 4 --jobs 500            one fault alone
//   npm run faults -- --fault 0 31 --minutes 10       these together

import { execFileSync } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { openJournal, runCallers, type Journal } from './callers.ts';
import { crossingsOf, recordCrossings } from './crossings.ts';
import { memoryMaxMb, watchMemory } from './measures/memory.ts';
import type { Failpoint } from './failpoints.ts';
import { faults, type Fault } from './faults.ts';
import { plants } from './planted.ts';
import { judge } from './invariants.ts';
import type { Verdict } from './verdict.ts';
import { seededRandom, type Random } from './random.ts';
import { startHostileReceivers, type HostileReceivers } from './watching.ts';
import { startWorld, type Needs, type World } from './world.ts';

const options = new Command('faults')
  .option('--seed <n>', 'repeats a run', Number, Date.now() % 1_000_000)
  .option('--minutes <m>', 'how long callers go on', Number, 5)
  .option('--jobs <n>', 'how many jobs are enough', Number, Infinity)
  .option('--fault <n...>', 'one fault alone, or some together, by their numbers')
  .option('--s3', 'with S3 as storage, also where no fault needs it')
  .option('--plant <bug>', `a planted bug, which has to be found: ${Object.keys(plants).join(', ')}`)
  .parse()
  .opts<{ seed: number; minutes: number; jobs: number; fault?: string[]; s3?: true; plant?: string }>();

const numbers =
  options.fault?.map(Number) ?? [plants[options.plant ?? '']?.fault].filter((fault) => fault !== undefined);
const chosen = numbers.map((number) => {
  const fault = faults.find((one) => one.number === number);
  if (fault === undefined) throw new Error(`there is no fault ${String(number)}`);
  return fault;
});

const ledger = fileURLToPath(new URL('ledger.jsonl', import.meta.url));
const { seed } = options;
console.log(`seed ${String(seed)}`);
const random = seededRandom(seed);
const together: readonly Fault[] = chosen.length > 0 ? chosen : pickThree(random.fork('faults'));
console.log(together.map(({ number, name }) => `(${String(number)}) ${name}`).join('\n'));

const needs: Needs = Object.assign({}, ...together.map((fault) => fault.needs ?? {}));
const world = await startWorld(random.fork('world'), {
  planted: options.plant,
  ...(options.s3 && { s3: true }),
  ...needs,
});
try {
  const memory = await watchMemory(world);
  const { journal, injected, receivers } = await run(world);
  const verdict = await judge(world, journal, {
    mayFail: together.some(({ mayFail }) => mayFail === true),
    endWithinMs: Math.max(...together.map(({ endWithinMs }) => endWithinMs ?? 120_000)),
  });
  const mostMb = Math.max(...Object.values(memory()).map((one) => one.mostMb));
  if (mostMb > memoryMaxMb) verdict.wrong.push(`a process took ${String(mostMb)} MB`);
  verdict.wrong.push(...journal.receiver.faults, ...(receivers?.faults ?? []));
  await report(journal, verdict, { injected: injected + (receivers?.asked() ?? 0), mostMb });
  await receivers?.close();
  await journal.receiver.close();
} finally {
  await world.close();
}

/** Three that can be injected at once. */
function pickThree(from: Random): Fault[] {
  const picked: Fault[] = [];
  while (picked.length < 3) {
    const fault = from.pick(faults);
    const isTaken = picked.some(({ number, takes }) => number === fault.number || (takes && takes === fault.takes));
    if (!isTaken && fault.isAlone !== true) picked.push(fault);
  }
  return picked;
}

async function run(on: World): Promise<{ journal: Journal; injected: number; receivers: HostileReceivers | null }> {
  const killedAt = options.plant === undefined ? undefined : plants[options.plant]?.killedAt;
  for (const member of on.members) {
    const armed: Failpoint[] = together.flatMap(({ failpoints = [] }) =>
      failpoints.filter(({ role }) => role === member.role),
    );
    if (killedAt !== undefined && member.role === 'worker')
      armed.push({ at: killedAt, place: 'before', action: 'crash', chance: 0.1, most: 1 });
    member.arm(armed);
  }
  const journal = await openJournal(on);
  const receivers = together.some(({ hostileReceivers }) => hostileReceivers)
    ? await startHostileReceivers(on.database, journal.tenants, on.random.fork('receivers'))
    : null;
  const callersDone = new AbortController();
  const timeUp = AbortSignal.timeout(options.minutes * 60_000);
  let injected = 0;
  const injecting = Promise.all(
    together.map(async ({ name, inject }) => {
      const own = on.random.fork(name);
      while (inject && !callersDone.signal.aborted) {
        injected += await inject(on, own).catch(async (error: unknown) => {
          if (together.length === 1) throw error;
          await delay(500); // another fault is in its way
          return 0;
        });
      }
    }),
  ).catch((error: unknown) => {
    callersDone.abort();
    throw error;
  });
  injecting.catch(() => undefined); // awaited below
  await runCallers(on, journal, {
    jobs: options.jobs,
    signal: AbortSignal.any([timeUp, callersDone.signal]),
    atOnce: Math.max(8, ...together.map(({ manners }) => manners?.atOnce ?? 0)),
    vibes: together.flatMap(({ manners }) => manners?.vibes ?? []),
    isFickle: together.some(({ manners }) => manners?.isFickle),
    images: together.flatMap(({ manners }) => manners?.images ?? []),
  }).finally(() => {
    callersDone.abort();
  });
  await injecting;
  for (const link of Object.values(on.links)) await link.heal();
  for (const member of on.members) member.arm([]);
  await on.untilUp();
  injected += (await on.reported()).filter(({ action }) => action !== undefined).length;
  return { journal, injected: injected + journal.provoked, receivers };
}

async function report(
  journal: Journal,
  verdict: Verdict,
  counted: { injected: number; mostMb: number },
): Promise<void> {
  const { jobs, failed, ...violations } = verdict;
  const counts = Object.fromEntries(Object.entries(violations).map(([kind, list]) => [kind, list.length]));
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const line = {
    at: new Date().toISOString(),
    commit,
    seed,
    ...(options.plant === undefined ? {} : { plant: options.plant }),
    faults: together.map(({ number }) => number),
    ...counted,
    jobs,
    failed,
    wishes: journal.wishes.length,
    streams: journal.watches.length,
    webhooks: journal.receiver.told.size,
    doubts: journal.wishes.reduce((sum, { doubts }) => sum + doubts, 0),
    slowestMs: Math.round(journal.slowestMs),
    ...counts,
  };
  console.log(JSON.stringify(line));
  for (const [kind, list] of Object.entries(violations))
    for (const one of list.slice(0, 20)) console.log(`${kind}: ${one}`);
  await appendFile(ledger, `${JSON.stringify(line)}\n`);
  if (options.plant === undefined) await recordCrossings({ at: line.at, commit, seed }, await crossingsOf(world));
  const isClean = Object.values(counts).every((count) => count === 0);
  if (options.plant !== undefined)
    console.log(isClean ? `${options.plant} was NOT found` : `${options.plant} was found`);
  if (isClean !== (options.plant === undefined)) process.exitCode = 1;
}
