// The faults, numbered as in docs/reliability.md. Each is injected again and again while callers ask, until they are done.

import { setTimeout as delay } from 'node:timers/promises';
import type { FailpointPlan } from './failpoints.ts';
import type { Random } from './random.ts';
import type { Member, World } from './world.ts';

export interface Fault {
  number: number;
  name: string;
  /** How failpoints are armed from the start, where the fault is at one. */
  failpoints?: (Omit<FailpointPlan, 'report' | 'seed'> & { role: Member['role'] })[];
  /** Injects it once and heals it; gives how often it was injected. */
  inject?: (world: World, random: Random) => Promise<number>;
}

/** Arms processes of a role, so that they are caught at a crossing; a process that crashed is caught again. */
const failpoint = (
  role: Member['role'],
  at: string,
  place: 'before' | 'after',
  action: 'crash' | 'fail',
  chance: number,
  most = action === 'crash' ? 1 : 1_000,
) => ({ role, at, place, action, chance, most });

const pause = (random: Random, fromMs: number, toMs: number) => delay(fromMs + random.below(toMs - fromMs));

const insertsJob = '^pg with request as materialized';

export const faults: readonly Fault[] = [
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
      failpoint('api', '^pg COMMIT', 'after', 'fail', 0.1),
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
    number: 8,
    name: 'worker killed in the middle of what it does',
    failpoints: [failpoint('worker', '^(pg|file) ', 'after', 'crash', 0.004)],
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
    number: 11,
    name: 'rolling restarts',
    inject: async ({ members }) => {
      for (const member of members) await member.restart();
      return members.length;
    },
  },
  {
    number: 13,
    name: 'Temporal killed and gone for a while',
    inject: async ({ temporal }, random) => {
      await temporal.kill();
      await pause(random, 5_000, 20_000);
      await temporal.restart();
      await pause(random, 8_000, 12_000);
      return 1;
    },
  },
  {
    number: 17,
    name: 'Postgres crashed',
    inject: async (world, random) => {
      await world.crashPostgres();
      await pause(random, 2_000, 6_000);
      return 1;
    },
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
    number: 23,
    name: 'jobs locked for ten seconds',
    inject: async ({ database }, random) => {
      await database.transaction(async (trx) => {
        await trx.raw('lock table jobs in access exclusive mode');
        await delay(10_000);
      });
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
    number: 31,
    name: 'storage that fails now and then',
    failpoints: [
      failpoint('worker', '^file ', 'before', 'fail', 0.05),
      failpoint('api', '^file ', 'before', 'fail', 0.05),
    ],
  },
  {
    number: 32,
    name: 'an operator terminates and cancels workflows',
    inject: async ({ temporal }, random) => {
      let done = 0;
      for await (const { workflowId, runId } of temporal.client.workflow.list({
        query: `WorkflowType = 'influencerCreate' and ExecutionStatus = 'Running'`,
      })) {
        if (random.share() < 0.7) continue;
        const handle = temporal.client.workflow.getHandle(workflowId, runId);
        const act = random.pick([() => handle.terminate('an operator'), () => handle.cancel()]);
        await act().catch(() => undefined); // it has ended meanwhile
        if (++done === 3) break;
      }
      await pause(random, 500, 2_500);
      return done;
    },
  },
];
