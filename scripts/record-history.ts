// Records what real runs of the workflows look like in Temporal, for the replay test: run it once for every release that
// changes a workflow. The histories of older releases stay: a new worker has to go on with what they started.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import packageJson from 'doppel/package.json' with { type: 'json' };
import { formatId } from '../src/domain/ids.ts';
import type { Shot } from '../src/domain/shots.ts';
import { taskQueues } from '../src/domain/task-queues.ts';
import { deliveryWorkflowId, startDeliveryWorkflow } from '../src/temporal/start-delivery.ts';
import { startJobWorkflow, jobWorkflowId } from '../src/temporal/start-workflow.ts';
import { createDatabaseActivities, createDrawingActivities, createWebhookActivities } from '../activities/index.ts';
import { startTestActivities } from '../test/support/activities.ts';
import { Worker } from '@temporalio/worker';
import { silent } from '../test/support/api.ts';
import { acceptJob, createHome, type TestJob } from '../test/support/jobs.ts';
import { plainRenderer, type BeforeDrawing } from '../test/support/plain-renderer.ts';
import { mochaGlobalTeardown as stopPostgres } from '../test/support/postgres.ts';
import {
  mochaGlobalSetup as quietTemporal,
  mochaGlobalTeardown as stopRuntime,
} from '../test/support/temporal-runtime.ts';
import { startTestTemporal } from '../test/support/temporal-server.ts';
import { startTestWorkers, workflowBundleOnce } from '../test/support/test-workers.ts';
import { insertDelivery, insertEndpoint } from '../test/support/webhooks.ts';

const folder = path.join(import.meta.dirname, '../test/workflows/histories', packageJson.version);

const failOnce = (failing: Shot): BeforeDrawing => {
  let isFirst = true;
  return (shot) => {
    if (shot !== failing || !isFirst) return;
    isFirst = false;
    throw ApplicationFailure.retryable('The renderer had a bad moment.', 'RENDER_FAILED');
  };
};

const reject: BeforeDrawing = (shot) => {
  if (shot === 'profile') throw ApplicationFailure.nonRetryable('The renderer refused.', 'CONTENT_REJECTED');
};

const histories: Record<string, BeforeDrawing> = {
  'influencer-create': () => undefined,
  'influencer-create-retried-shot': failOnce('smiling'),
  'influencer-create-failed': reject,
};

/** How the receiver of a webhook answers, one after the other. */
const deliveries: Record<string, readonly [number, ...number[]]> = {
  'webhook-delivery': [200],
  'webhook-delivery-retried': [500, 200],
  'webhook-delivery-gone': [410],
};

quietTemporal();
const temporal = await startTestTemporal();
const steps = await startTestActivities();
try {
  await mkdir(folder, { recursive: true });
  for (const [name, before] of Object.entries(histories)) {
    const deps = { ...steps.deps, renderers: { illustrated: plainRenderer(before) } };
    const workers = await startTestWorkers(await temporal.native(), {
      ...createDatabaseActivities(deps),
      ...createDrawingActivities(deps),
    });
    try {
      const job = await acceptJob(steps.database, { identity: { hairColor: 'copper' } });
      await write(name, await record(job));
    } finally {
      await workers.close();
    }
  }
  for (const [name, answers] of Object.entries(deliveries)) await write(name, await recordDelivery(answers));
} finally {
  await steps.close();
  await temporal.close();
  await stopPostgres();
  await stopRuntime();
}

async function record(job: TestJob): Promise<unknown> {
  await startJobWorkflow(temporal.client, job);
  const handle = temporal.client.workflow.getHandle(jobWorkflowId(job));
  await handle.result().catch(() => undefined); // one of them is there to fail
  console.log(`${formatId('job', job.jobId)} ${(await handle.describe()).status.name}`);
  return JSON.parse(historyToJSON(await handle.fetchHistory()));
}

async function write(name: string, history: unknown): Promise<void> {
  const file = path.join(folder, `${name}.json`);
  await writeFile(file, `${JSON.stringify(withoutMachine(history), null, 2)}\n`);
  console.log(path.relative('', file));
}

async function recordDelivery(answers: readonly number[]): Promise<unknown> {
  const left = [...answers];
  const nothing = { error: null, responseExcerpt: null, retryAfterMs: null };
  const worker = await Worker.create({
    connection: await temporal.native(),
    identity: 'worker',
    taskQueue: taskQueues.webhooks,
    workflowBundle: await workflowBundleOnce(),
    activities: createWebhookActivities({
      database: steps.database,
      sendWebhook: () =>
        Promise.resolve({ at: new Date(), durationMs: 1, statusCode: left.shift() ?? 500, ...nothing }),
      log: silent,
    }),
  });
  return worker.runUntil(async () => {
    const delivery = await insertDelivery(
      steps.database,
      await insertEndpoint(steps.database, await createHome(steps.database)),
    );
    await startDeliveryWorkflow(temporal.client, delivery);
    const handle = temporal.client.workflow.getHandle(deliveryWorkflowId(delivery));
    console.log(`${deliveryWorkflowId(delivery)} ${String(await handle.result())}`);
    return JSON.parse(historyToJSON(await handle.fetchHistory())) as unknown;
  });
}

/** Takes out what names the machine that recorded: stack traces, and who started. */
function withoutMachine(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMachine);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]): [string, unknown] => {
      if (key === 'stackTrace') return [key, ''];
      if (key === 'identity' && typeof inner === 'string' && inner.includes('@')) return [key, 'recorder'];
      return [key, withoutMachine(inner)];
    }),
  );
}
