// The faults, numbered as in docs/reliability.md. Each is injected again and again while callers ask, until they are done.

import { setTimeout as delay } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { query } from '../../src/db/database.ts';
import { maxRestarts } from '../../src/temporal/reconcile-jobs.ts';
import { until } from '../support/eventually.ts';
import type { Manners } from './callers.ts';
import { killAtCrossings } from './crossings.ts';
import type { Failpoint } from './failpoints.ts';
import { vibes } from './faulty-renderer.ts';
import { hostileImages } from './hostile-images.ts';
import { changeVersion, operate, startEndedOnes } from './operator.ts';
import type { Random } from './random.ts';
import { breakFsync, useUpLog } from './servers/disk-that-fails.ts';
import { persistenceFaultsSoFar } from './servers/persistence-faults.ts';
import { idleInTransaction, lockJobs, takeAllConnections } from './sessions.ts';
import type { Member } from './members.ts';
import type { Needs, World } from './world.ts';

export interface Fault {
  number: number;
  name: string;
  needs?: Needs;
  /** The server that it takes away: of those that take the same one, one is injected at a time. */
  takes?: 'Temporal' | 'Postgres';
  /** Whether it goes with no other. */
  isAlone?: true;
  /** How failpoints are armed from the start, where the fault is at one. */
  failpoints?: readonly (Failpoint & { role: Member['role'] })[];
  /** What callers do for it. */
  manners?: Partial<Manners>;
  /** Whether callers have webhooks sent to receivers that mean ill. */
  hostileReceivers?: true;
  /** How long after it a job may take to end, where tries are far apart by then; two minutes if not given. */
  endWithinMs?: number;
  /** Whether a job may fail by it: otherwise it has to outlast the fault. */
  mayFail?: true;
  /** Injects it once and heals it; gives how often it was injected. */
  inject?: (world: World, random: Random) => Promise<number>;
}

/** Catches processes of a role at a crossing, and those that follow them. */
const failpoint = (
  role: Member['role'],
  at: string,
  place: Failpoint['place'],
  action: Failpoint['action'],
  chance: number,
  most = action === 'crash' ? 1 : 1_000,
) => ({ role, at, place, action, chance, most });

const pause = (random: Random, fromMs: number, toMs: number) => delay(fromMs + random.below(toMs - fromMs));

const insertsJob = '^pg with request as materialized';

/** The ninth try of a drawing and those behind it come after five minutes. */
const drawnLastWithinMs = 360_000;

export const faults: readonly Fault[] = [
  {
    number: 0,
    name: 'a process killed at each of its failpoints in turn',
    isAlone: true,
    needs: { apis: 3, workers: 3 },
    manners: { isFickle: true, vibes: [vibes.slow] },
    endWithinMs: drawnLastWithinMs,
    inject: async (world, random) => {
      await killAtCrossings(world, random);
      return 0; // failpoints tell themselves
    },
  },
  {
    number: 1,
    name: 'API killed between COMMIT and start',
    failpoints: [failpoint('api', '^temporal StartWorkflowExecution', 'before', 'crash', 0.05)],
  },
  {
    number: 2,
    name: 'API killed inside the transaction',
    failpoints: [failpoint('api', `${insertsJob}|^pg COMMIT`, 'before', 'crash', 0.03)],
  },
  {
    number: 3,
    name: 'dispatcher killed after the start, before it is marked',
    failpoints: [
      failpoint('api', '^temporal StartWorkflowExecution', 'after', 'crash', 0.04),
      failpoint('worker', '^temporal StartWorkflowExecution', 'after', 'crash', 0.04),
    ],
  },
  {
    number: 4,
    name: 'ambiguous commit: done, its reply cut',
    failpoints: [
      failpoint('api', `${insertsJob}|^pg COMMIT`, 'after', 'fail', 0.1),
      failpoint('worker', '^pg COMMIT', 'after', 'fail', 0.05),
    ],
  },
  {
    number: 5,
    name: 'ambiguous start: done, its reply lost',
    failpoints: [
      failpoint('api', '^temporal StartWorkflowExecution', 'after', 'fail', 0.3),
      failpoint('worker', '^temporal StartWorkflowExecution', 'after', 'fail', 0.3),
    ],
  },
  {
    number: 6,
    name: 'Temporal’s own faults between it and its database, one in twenty',
    needs: { temporalFaults: { seed: 6, rate: 0.05 } },
    isAlone: true,
    inject: async ({ metricsUrl }) => {
      if (metricsUrl === null) throw new Error('Temporal has no faults of its own');
      const before = await persistenceFaultsSoFar(metricsUrl);
      await delay(5_000);
      return (await persistenceFaultsSoFar(metricsUrl)) - before;
    },
  },
  {
    number: 7,
    name: '64 equal requests at once, then the key with another body',
    manners: { atOnce: 64 },
  },
  {
    number: 8,
    name: 'worker killed in the middle of what it does',
    manners: { vibes: [vibes.slow] },
    endWithinMs: drawnLastWithinMs,
    failpoints: [failpoint('worker', '^(pg|file) ', 'after', 'crash', 0.001)],
    inject: async ({ of }, random) => {
      random.pick(of('worker')).signal('SIGKILL');
      await pause(random, 3_000, 7_000);
      return 1;
    },
  },
  {
    number: 9,
    name: 'zombie: a worker stands still for three heartbeats, and goes on',
    inject: async ({ of }, random) => {
      const worker = random.pick(of('worker'));
      worker.signal('SIGSTOP');
      await delay(9_500);
      worker.signal('SIGCONT');
      await pause(random, 1_000, 4_000);
      return 1;
    },
  },
  {
    number: 10,
    name: 'worker killed with the first task of a workflow that it has started',
    needs: { eagerStarts: true },
    endWithinMs: drawnLastWithinMs,
    failpoints: [
      failpoint('api', '^temporal StartWorkflowExecution', 'before', 'fail', 1), // so that workers have to
      failpoint('worker', '^temporal StartWorkflowExecution', 'after', 'crash', 0.1),
    ],
  },
  {
    number: 11,
    name: 'rolling restarts',
    inject: async ({ members }) => {
      for (const member of members) await member.restart();
      return members.length;
    },
  },
  {
    number: 12,
    name: 'two versions of the workflow at once, now the one current and now the other',
    needs: { workers: 4, workerVersions: true },
    isAlone: true,
    manners: { vibes: [vibes.slow] },
    endWithinMs: drawnLastWithinMs,
    inject: async (world, random) => {
      await changeVersion(world, random);
      if (random.share() < 0.2) random.pick(world.of('worker')).signal('SIGKILL');
      await pause(random, 1_000, 4_000);
      return 1;
    },
  },
  {
    number: 13,
    name: 'Temporal killed and gone for a while',
    takes: 'Temporal',
    inject: async ({ temporal }, random) => {
      await temporal.kill();
      await pause(random, 5_000, 20_000);
      await temporal.restart();
      await pause(random, 8_000, 12_000);
      return 1;
    },
  },
  {
    number: 14,
    name: 'Temporal accepts and never answers',
    inject: async ({ links }, random) => {
      const parts = random.pick([
        [links.apiTemporal],
        [links.workerTemporal],
        [links.apiTemporal, links.workerTemporal],
      ]);
      for (const link of parts) await link.poison({ type: 'timeout', attributes: { timeout: 0 } });
      await pause(random, 3_000, 15_000);
      for (const link of parts) await link.heal();
      await pause(random, 2_000, 6_000);
      return 1;
    },
  },
  {
    number: 15,
    name: 'Temporal’s data lost',
    takes: 'Temporal',
    inject: async ({ temporal, database }, random) => {
      await pause(random, 4_000, 10_000);
      // A job that loses its workflow once more than it may fails, as it should.
      await until(
        'no job has lost its workflow as often as it may',
        async () => {
          const rows = await query(
            database,
            `select from jobs where status = 'running' and restarts >= :maxRestarts limit 1`,
            {
              maxRestarts,
            },
          );
          return rows.length === 0;
        },
        { withinMs: 120_000 },
      );
      await temporal.wipe();
      await pause(random, 4_000, 8_000);
      return 1;
    },
  },
  {
    number: 16,
    name: 'an old start comes again after Temporal has forgotten the first',
    inject: async (world, random) => {
      const started = await startEndedOnes(world);
      await pause(random, 500, 2_000);
      return started;
    },
  },
  {
    number: 17,
    name: 'Postgres crashed',
    takes: 'Postgres',
    inject: async (world, random) => {
      await world.crashPostgres();
      await pause(random, 2_000, 6_000);
      return 1;
    },
  },
  {
    number: 18,
    name: 'failover to a synchronous standby',
    needs: { standby: true },
    takes: 'Postgres',
    isAlone: true,
    inject: async (world, random) => {
      await pause(random, 3_000, 8_000);
      await world.failOver();
      return 1;
    },
  },
  {
    number: 19,
    name: 'what was written first commits last',
    failpoints: [
      failpoint('api', `${insertsJob}|^pg COMMIT`, 'before', 'hold', 0.2),
      failpoint('worker', '^pg COMMIT', 'before', 'hold', 0.1),
    ],
  },
  {
    number: 20,
    name: 'backends terminated, five times a second',
    inject: async ({ database }, random) => {
      for (let times = 0; times < 25; times++) {
        await database.raw(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where application_name = 'doppel' and pid <> pg_backend_pid() order by random() limit 2`,
        );
        await delay(200);
      }
      await pause(random, 500, 1_500);
      return 25;
    },
  },
  {
    number: 21,
    name: 'the disk under Postgres full',
    needs: { smallDisk: true },
    takes: 'Postgres',
    isAlone: true,
    inject: async (world, random) => {
      const { disk } = world;
      if (disk === null) throw new Error('there is no disk that can be full');
      await disk.fill();
      if (random.share() < 0.5) await useUpLog(world.postgres());
      await pause(random, 2_000, 6_000);
      await disk.free();
      await world.revivePostgres();
      await pause(random, 4_000, 8_000);
      return 1;
    },
  },
  {
    number: 22,
    name: 'fsync fails with EIO',
    takes: 'Postgres',
    isAlone: true,
    inject: async (world, random) => {
      const failed = await breakFsync(world.postgres(), 2_000);
      await world.revivePostgres();
      await pause(random, 3_000, 8_000);
      return failed;
    },
  },
  {
    number: 23,
    name: 'a table locked, no connection left, a session idle in its transaction',
    inject: async (world, random) => {
      await random.pick([lockJobs, takeAllConnections, idleInTransaction])(world);
      await pause(random, 3_000, 6_000);
      return 1;
    },
  },
  {
    number: 24,
    name: 'slow, sliced and reset links to Postgres and Temporal',
    inject: async ({ links }, random) => {
      const link = random.pick(Object.values(links));
      await link.poison(
        random.pick([
          { type: 'latency', attributes: { latency: 200, jitter: 100 } },
          { type: 'bandwidth', attributes: { rate: 10 } },
          { type: 'slicer', attributes: { average_size: 64, size_variation: 32, delay: 10 } },
          { type: 'reset_peer', attributes: { timeout: 100 } },
        ] as const),
      );
      await pause(random, 2_000, 6_000);
      await link.heal();
      await pause(random, 1_000, 3_000);
      return 1;
    },
  },
  {
    number: 25,
    name: 'one link parted, flapping',
    inject: async ({ links }, random) => {
      const link = random.pick(Object.values(links));
      for (let flaps = 0; flaps < 4; flaps++) {
        await link.cut();
        await pause(random, 200, 2_500);
        await link.heal();
        await pause(random, 200, 1_500);
      }
      return 4;
    },
  },
  {
    number: 26,
    name: 'the clock of one process an hour off',
    needs: { ownClocks: true },
    isAlone: true,
    inject: async ({ clocks }, random) => {
      const clock = random.pick(clocks);
      await clock.set(random.pick([-3_600, 3_600]));
      await pause(random, 5_000, 15_000);
      await clock.set(0);
      await pause(random, 1_000, 3_000);
      return 1;
    },
  },
  {
    number: 27,
    name: 'poison: what always throws, errors and results too large, starts that are refused',
    manners: { vibes: [vibes.throws, vibes.throwsMuch, vibes.givesMuch] },
    failpoints: [
      failpoint('api', '^temporal StartWorkflowExecution', 'before', 'refuse', 0.1),
      failpoint('worker', '^temporal StartWorkflowExecution', 'before', 'refuse', 0.1),
    ],
    mayFail: true,
  },
  {
    number: 28,
    name: '40 hostile images',
    manners: { images: await hostileImages() },
  },
  {
    number: 29,
    name: 'a renderer that takes all memory, and no CPU left',
    needs: { workerHeapMb: 250 },
    manners: { vibes: [vibes.hungry] },
    mayFail: true,
    inject: async (_, random) => {
      const hogs = Array.from({ length: 4 }, () => spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'ignore' }));
      await pause(random, 3_000, 8_000);
      for (const hog of hogs) hog.kill('SIGKILL');
      await pause(random, 2_000, 5_000);
      return 1;
    },
  },
  {
    number: 30,
    name: 'receivers of webhooks that mean ill',
    hostileReceivers: true,
  },
  {
    number: 31,
    name: 'storage unreachable, slow, half written, done and not told',
    needs: { s3: true },
    endWithinMs: drawnLastWithinMs,
    failpoints: [
      failpoint('worker', '^s3 ', 'before', 'fail', 0.03),
      failpoint('worker', '^s3 ', 'after', 'fail', 0.03),
    ],
    inject: async ({ links: { storage } }, random) => {
      if (storage === undefined) throw new Error('there is no S3');
      if (random.share() < 0.3) await storage.cut();
      else
        await storage.poison(
          random.pick([
            { type: 'latency', attributes: { latency: 500, jitter: 400 } },
            { type: 'bandwidth', attributes: { rate: 20 } },
            { type: 'limit_data', attributes: { bytes: 700 } },
            { type: 'reset_peer', attributes: { timeout: 50 } },
          ] as const),
        );
      await pause(random, 1_000, 5_000);
      await storage.heal();
      await pause(random, 2_000, 5_000);
      return 1;
    },
  },
  {
    number: 32,
    name: 'an operator terminates, resets, cancels and pauses; time passes',
    manners: { vibes: [vibes.slow] },
    mayFail: true,
    inject: async (world, random) => {
      const done = await operate(world, random);
      await pause(random, 500, 2_500);
      return done;
    },
  },
];
