// Records what real runs of the workflows look like in Temporal, for the replay test: run it once for every release that
// changes a workflow. The histories of older releases stay: a new worker has to go on with what they started.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import packageJson from 'doppel/package.json' with { type: 'json' };
import { formatId } from '../src/domain/ids.ts';
import type { Shot } from '../src/domain/shots.ts';
import { startJobWorkflow, jobWorkflowId } from '../src/temporal/start-workflow.ts';
import { createDatabaseActivities, createDrawingActivities } from '../activities/index.ts';
import { startTestActivities } from '../test/support/activities.ts';
import { acceptJob, type TestJob } from '../test/support/jobs.ts';
import { plainRenderer, type BeforeDrawing } from '../test/support/plain-renderer.ts';
import { mochaGlobalTeardown as stopPostgres } from '../test/support/postgres.ts';
import {
  mochaGlobalSetup as quietTemporal,
  mochaGlobalTeardown as stopRuntime,
} from '../test/support/temporal-runtime.ts';
import { startTestTemporal } from '../test/support/temporal-server.ts';
import { startTestWorkers } from '../test/support/test-workers.ts';

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
      const file = path.join(folder, `${name}.json`);
      await writeFile(file, `${JSON.stringify(withoutMachine(await record(job)), null, 2)}\n`);
      console.log(path.relative('', file));
    } finally {
      await workers.close();
    }
  }
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
