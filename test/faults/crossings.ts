// Every place where a process of Doppel waits for another one, and how often one was killed there.

import { appendFile, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { query } from '../../src/db/database.ts';
import type { JobAttempt } from '../../src/domain/job.ts';
import { webhookLimits, type DeliveryRun } from '../../src/domain/webhook.ts';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { deliveryWorkflowId } from '../../src/temporal/start-delivery.ts';
import { jobWorkflowId } from '../../src/temporal/start-workflow.ts';
import { deleteWorkflow } from './operator.ts';
import type { Random } from './random.ts';
import type { Failpoint } from './failpoints.ts';
import type { World } from './world.ts';

const file = new URL('crossings.jsonl', import.meta.url);

/** How often processes of a role were killed at each crossing that they came to, by `role name`. */
export type Crossings = Map<string, number>;

/** What all runs have found so far, without those of which a line says that the code has them no more. */
export async function readCrossings(): Promise<Crossings> {
  const all: Crossings = new Map();
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  for (const line of lines) {
    const { killed = {}, gone = [] } = JSON.parse(line) as { killed?: Record<string, number>; gone?: string[] };
    for (const [name, times] of Object.entries(killed)) all.set(name, (all.get(name) ?? 0) + times);
    for (const name of gone) all.delete(name);
  }
  return all;
}

/** What this run has found. */
export async function crossingsOf(world: World): Promise<Crossings> {
  const found: Crossings = new Map();
  for (const { member, seen, at, action } of await world.reported()) {
    const name = `${member.split('-')[0] ?? ''} ${seen ?? at ?? ''}`;
    found.set(name, (found.get(name) ?? 0) + (action === 'crash' ? 1 : 0));
  }
  return found;
}

export async function recordCrossings(about: object, found: Crossings): Promise<void> {
  await appendFile(file, `${JSON.stringify({ ...about, killed: Object.fromEntries(found) })}\n`);
}

const namespace = 'default';

/** So often a process is killed at each. */
const killsEnough = 50;

/**
 * Kills processes, for a minute, at crossings where too few were killed so far: at whichever it comes to first of some of
 * them, others each time, so that the frequent ones do not keep all from the rest. One of each role stays: where all begin anew all
 * the time, no job gets far.
 */
export async function killAtCrossings(world: World, random: Random): Promise<void> {
  const before = await readCrossings();
  const until = performance.now() + 60_000;
  while (performance.now() < until) {
    if (random.share() < 0.2) await letTimePass(world);
    if (random.share() < 0.05) await triggerSchedule(world, random);
    await disturb(world, random);
    const now = await crossingsOf(world);
    const lacking = [...new Set([...before.keys(), ...now.keys()])].filter(
      (name) => (before.get(name) ?? 0) + (now.get(name) ?? 0) < killsEnough,
    );
    if (lacking.includes('worker temporal AddSearchAttributes') && random.share() < 0.05)
      await forgetSearchAttributes(world, random);
    for (const role of ['api', 'worker'] as const) {
      const own = lacking.filter((name) => name.startsWith(`${role} `));
      const members = world.of(role);
      const up = members.filter(({ pid }) => pid() !== undefined);
      for (const member of members) {
        const mayDie = up.length > 1 || !up.includes(member);
        const picked = own.filter(() => mayDie && random.share() < 0.6);
        const deadly = picked.map((name): Failpoint => ({
          at: exactly(name),
          place: random.pick(['before', 'after']),
          ...once,
        }));
        member.arm([...deadly, ...(role === 'api' ? doubtful : [])]);
      }
    }
    await delay(250);
  }
  for (const member of world.members) member.arm([]);
  await ensureSearchAttributes(world.temporal.client.connection, namespace).catch(() => undefined);
}

/**
 * Makes uploads that nobody finalized so old that they are collected, and jobs that have ended so that what was drawn for them is
 * looked through; and has receivers that fail at the first or the last of their failures, over and over.
 */
async function letTimePass({ database }: World): Promise<void> {
  const passed = [
    `update uploads set created_at = created_at - interval '2 days'
     where asset_id is null and created_at < now() - interval '10 seconds'`,
    `update jobs set finished_at = finished_at - interval '15 minutes'
     where drawings_swept_at is null and finished_at between now() - interval '10 minutes' and now() - interval '10 seconds'`,
    `update webhook_endpoints
     set status = 'enabled', status_reason = null, paused_at = null, generation = generation + (status = 'paused')::integer,
         consecutive_failures = case when random() < 0.3 then 1 else ${String(webhookLimits.failuresInARow - 1)} end
     where status = 'paused' or status = 'enabled' and consecutive_failures > 0`,
  ];
  for (const sql of passed) await database.raw(sql).catch(() => undefined); // Postgres may be away
}

/** Has jobs and deliveries lose their workflows, and cancellations what is known of them, as operators and crashes do. */
async function disturb({ database, temporal }: World, random: Random): Promise<void> {
  const oneOf = (what: string) => `(select id from ${what} order by random() limit 1)`;
  const canCancel = `jobs where status = 'running' and dispatched_at is not null and stage <> 'finalizing' and cancel_requested_at is null`;
  const isWaiting = `webhook_deliveries where status = 'pending' and dispatched_at is not null`;
  const terminate = (workflowId: string) => temporal.client.workflow.getHandle(workflowId).terminate('an operator');
  const holds = oneOf(`webhook_endpoints w where status = 'paused' and exists (
    select from webhook_deliveries d where d.webhook_endpoint_id = w.id and d.status = 'held')`);
  const acts = [
    async () => {
      // A second, so that no dispatcher is before the operator.
      const jobs = await query<JobAttempt>(
        database,
        `update jobs
         set cancel_requested_at = now(), cancellation_undelivered = true, cancellation_claimed_until = now() + interval '1 second'
         where id = ${oneOf(canCancel)} and status = 'running' and stage <> 'finalizing'
         returning id as "jobId", attempt`,
      );
      for (const job of jobs) await terminate(jobWorkflowId(job));
    },
    async () => {
      // A reset forgets a cancellation.
      await query(
        database,
        `update jobs
         set cancel_requested_at = now(), updated_at = now() - interval '1 minute',
             dispatched_at = dispatched_at - interval '1 minute'
         where id = ${oneOf(canCancel)} and status = 'running' and stage <> 'finalizing'`,
      );
    },
    async () => {
      // Told, and killed before it was marked.
      await query(
        database,
        `update jobs set cancellation_undelivered = true, cancellation_claimed_until = null
         where id = ${oneOf(`jobs where status = 'canceled' and dispatched_at is not null`)} and status = 'canceled'`,
      );
    },
    async () => {
      const deliveries = await query<DeliveryRun>(
        database,
        `update webhook_deliveries
         set dispatched_at = dispatched_at - interval '5 minutes', next_attempt_at = next_attempt_at - interval '5 minutes'
         where id = ${oneOf(isWaiting)} and status = 'pending' and dispatched_at is not null
         returning id as "deliveryId", run`,
      );
      for (const delivery of deliveries) await terminate(deliveryWorkflowId(delivery));
    },
    async () => {
      // Temporal knows it no more.
      const [job] = await query<JobAttempt>(
        database,
        `select id as "jobId", attempt from ${canCancel} and restarts = 0 order by random() limit 1`,
      );
      if (job === undefined) return;
      await deleteWorkflow(temporal, jobWorkflowId(job));
      await delay(1_000); // one that is only terminated yet ends its job
      await query(
        database,
        `update jobs set updated_at = now() - interval '1 minute', dispatched_at = dispatched_at - interval '1 minute'
         where id = :jobId and attempt = :attempt and status = 'running'`,
        { ...job },
      );
    },
    async () => {
      await database.raw(
        `update webhook_endpoints set status = 'disabled', status_reason = 'by_caller', paused_at = null where id = ${holds}`,
      );
    },
    async () => {
      // For a moment, in which attempts end.
      const is = (status: string, where: string) =>
        database.raw(
          `update webhook_endpoints set status = '${status}', status_reason = ${status === 'enabled' ? 'null' : `'by_caller'`}
           where ${where} and not exists (
             select from webhook_deliveries d where d.webhook_endpoint_id = webhook_endpoints.id and d.status = 'held')`,
        );
      await is('disabled', `status = 'enabled' and consecutive_failures > 0`);
      await delay(700);
      await is('enabled', `status = 'disabled' and status_reason = 'by_caller'`);
    },
    async () => {
      // Enabled by its owner, and paused again while what it holds is about to be released.
      const enable = `update webhook_endpoints set status = 'enabled', status_reason = null, paused_at = null
                      where id = ${holds} returning id`;
      const [endpoint] = await query<{ id: string }>(database, enable);
      if (endpoint === undefined) return;
      await database.transaction(async (trx) => {
        await query(trx, 'select from webhook_endpoints where id = :id for update', endpoint);
        await query(
          trx,
          `update webhook_endpoints set status = 'paused', status_reason = 'failures', paused_at = now() where id = :id`,
          endpoint,
        );
        await delay(800);
      });
    },
  ];
  await random
    .pick(acts)()
    .catch(() => undefined); // it is gone, or another fault has taken a server away
}

/** As an operator may by mistake: the next worker that begins brings them back. */
async function forgetSearchAttributes({ temporal, of }: World, random: Random): Promise<void> {
  const { operatorService } = temporal.client.connection;
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    await operatorService.removeSearchAttributes({ namespace, searchAttributes: Object.keys(customAttributes) });
  } catch {
    return; // another fault may have taken it away
  }
  random.pick(of('worker')).signal('SIGKILL');
}

/** What comes by the clock comes all the time: no matter whether a worker was killed in the run before. */
async function triggerSchedule({ temporal }: World, random: Random): Promise<void> {
  const schedule = temporal.client.schedule.getHandle(random.pick(['housekeeping', 'storage-collector']));
  await schedule.trigger(ScheduleOverlapPolicy.ALLOW_ALL).catch(() => undefined); // another fault may have taken it away
}

/** What callers repeat, to be answered by what was stored. */
const doubtful: readonly Failpoint[] = [
  { at: '^pg (with request as materialized|COMMIT)', place: 'after', action: 'fail', chance: 0.1, most: 1_000 },
];

const once: Pick<Failpoint, 'action' | 'chance' | 'most'> = { action: 'crash', chance: 1, most: 1 };

/** A crossing as a failpoint names it: as a regular expression, and without the role. */
const exactly = (name: string) => `^${name.slice(name.indexOf(' ') + 1).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
