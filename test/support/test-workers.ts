// Workers with activities of a test's choice, on a real Temporal server.

import { bundleWorkflowCode, Worker, type NativeConnection, type WorkflowBundle } from '@temporalio/worker';
import type { Activities } from '../../activities/index.ts';
import { taskQueues } from '../../src/domain/task-queues.ts';
import { quietLogger, workflowsPath } from './workflow-runs.ts';

let bundle: Promise<WorkflowBundle> | undefined;

/** The bundle of the workflows, made once for the whole run. */
export const workflowBundleOnce = (): Promise<WorkflowBundle> =>
  (bundle ??= bundleWorkflowCode({ workflowsPath, logger: quietLogger }));

/** Runs workers for both task queues until `close`. */
export async function startTestWorkers(
  connection: NativeConnection,
  activities: Activities,
): Promise<{ close: () => Promise<void> }> {
  const { drawShot, ...databaseSteps } = activities;
  const shared = { connection, identity: 'worker', shutdownForceTime: '2 seconds' };
  const workers = [
    await Worker.create({
      ...shared,
      taskQueue: taskQueues.influencers,
      workflowBundle: await workflowBundleOnce(),
      activities: databaseSteps,
      enableNonLocalActivities: false,
      stickyQueueScheduleToStartTimeout: '1 second',
    }),
    await Worker.create({
      ...shared,
      taskQueue: taskQueues.rendering,
      activities: { drawShot },
      maxHeartbeatThrottleInterval: '100 milliseconds',
      defaultHeartbeatThrottleInterval: '100 milliseconds',
    }),
  ];
  const working = Promise.all(workers.map((worker) => worker.run()));
  working.catch(() => undefined); // close() tells
  return {
    async close() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await working;
    },
  };
}
