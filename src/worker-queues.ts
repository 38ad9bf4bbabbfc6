// What a worker does for each task queue, and how much of it at once.

import { availableParallelism } from 'node:os';
import type { WorkerOptions, WorkflowBundleOption } from '@temporalio/worker';
import type { ActivityDeps } from '../activities/deps.ts';
import {
  createDatabaseActivities,
  createDrawingActivities,
  createHousekeepingActivities,
  createStorageActivities,
  createWebhookActivities,
} from '../activities/index.ts';
import type { AiConfig } from './config.ts';
import { taskQueues } from './domain/task-queues.ts';

interface QueueParts {
  deps: ActivityDeps;
  webhooks: Parameters<typeof createWebhookActivities>[0];
  /** The image model that this process draws with; null for none. */
  ai: AiConfig | null;
  workflowBundle: WorkflowBundleOption;
  databasePoolMax: number;
}

/** A cancellation reaches an activity with its heartbeat. */
const quickHeartbeats = {
  maxHeartbeatThrottleInterval: '500 milliseconds',
  defaultHeartbeatThrottleInterval: '500 milliseconds',
} as const;

/** The options of a worker for each task queue, beside those that all have. */
export function queuesOf({ deps, webhooks, ai, workflowBundle, databasePoolMax }: QueueParts): WorkerOptions[] {
  const queues: WorkerOptions[] = [
    {
      taskQueue: taskQueues.influencers,
      workflowBundle,
      activities: createDatabaseActivities(deps),
      enableNonLocalActivities: false,
      // A step waits in the worker for its turn, not for a connection to Postgres. And few jobs that move fast end sooner
      // than many that move slowly at once.
      maxConcurrentLocalActivityExecutions: databasePoolMax,
      maxConcurrentWorkflowTaskExecutions: 2 * databasePoolMax,
      // A quarter of a megabyte each. One that was put out is replayed once, when its first drawing is done.
      maxCachedWorkflows: 400,
      // A killed worker's workflows go to another one after this, not after ten seconds.
      stickyQueueScheduleToStartTimeout: '1 second',
    },
    {
      ...quickHeartbeats,
      taskQueue: taskQueues.rendering,
      activities: createDrawingActivities(deps),
      maxConcurrentActivityTaskExecutions: availableParallelism(),
    },
    {
      ...quickHeartbeats,
      taskQueue: taskQueues.housekeeping,
      activities: { ...createHousekeepingActivities(deps), ...createStorageActivities(deps) },
      // One of each Schedule.
      maxConcurrentActivityTaskExecutions: 2,
    },
    {
      taskQueue: taskQueues.webhooks,
      activities: createWebhookActivities(webhooks),
      // They wait for receivers, and take nothing else meanwhile.
      maxConcurrentActivityTaskExecutions: 50,
    },
  ];
  if (ai !== null) {
    queues.push({
      ...quickHeartbeats,
      taskQueue: taskQueues.aiRendering,
      activities: createDrawingActivities(deps),
      // An image that is given up is paid for all the same. What runs processes usually waits for 30 seconds.
      shutdownGraceTime: '25 seconds',
      shutdownForceTime: '27 seconds',
      maxConcurrentActivityTaskExecutions: ai.concurrency,
      // Temporal keeps to it over all workers of the queue.
      maxTaskQueueActivitiesPerSecond: ai.imagesPerMinute / 60,
    });
  }
  return queues;
}
