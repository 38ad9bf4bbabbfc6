// F4: a workflow of the shape of ours with activities that do nothing, on a worker set up like ours, started eagerly; and one of six
// regular activities, one after the other, as a default worker runs them. Each request runs one: `/shape` or `/regular`.
import { fileURLToPath, URL } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { serve } from './serve.mjs';

Runtime.install({ shutdownSignals: [] });
const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS });
const workflowsPath = fileURLToPath(new URL('./shape-workflows.mjs', import.meta.url));
const workflowBundle = await bundleWorkflowCode({ workflowsPath });
const nothing = () => Promise.resolve();
const activities = { step: nothing, draw: nothing };
const concurrency = Number(process.env.CORES);
const workers = await Promise.all([
  Worker.create({
    ...{ connection, taskQueue: 'shape', workflowBundle, activities, enableNonLocalActivities: false },
    ...{ maxConcurrentLocalActivityExecutions: 10, maxConcurrentWorkflowTaskExecutions: 20, maxCachedWorkflows: 400 },
    stickyQueueScheduleToStartTimeout: '1 second',
  }),
  Worker.create({
    ...{ connection, taskQueue: 'shape-drawing', activities, maxConcurrentActivityTaskExecutions: concurrency },
  }),
  Worker.create({ connection, taskQueue: 'regular', workflowBundle, activities }),
]);
const running = Promise.all(workers.map((worker) => worker.run()));
const client = new Client({ connection });
let runs = 0;

serve(200, async ({ path }) => {
  const taskQueue = path.slice(1);
  const workflowId = `${taskQueue}-${String(runs++)}-${String(process.pid)}`;
  await client.workflow.execute(taskQueue, { workflowId, taskQueue, requestEagerStart: taskQueue === 'shape' });
  return {};
});
process.once('SIGTERM', async () => {
  for (const worker of workers) worker.shutdown();
  await running;
  process.exit();
});
