// All timeouts and retries of the workflows: how long a step may take, and how patiently it is tried again.

import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import { drawingRetries } from '../src/domain/drawing-retries.ts';
import type { RendererName } from '../src/domain/shots.ts';
import { taskQueues } from '../src/domain/task-queues.ts';

/**
 * Steps on Postgres. They are local activities: no task queue between the workflow and a statement of a few milliseconds.
 * Tried for ever, since only Postgres's absence makes them fail again and again; what cannot be mended fails at once.
 */
export const databaseStep = {
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '10 seconds' },
} as const satisfies LocalActivityOptions;

/** Checking and recording one picture: Postgres, and the storage that the picture lies in. */
export const recordingStep = {
  ...databaseStep,
  startToCloseTimeout: '30 seconds',
  retry: { ...databaseStep.retry, maximumAttempts: 50 },
} as const satisfies LocalActivityOptions;

const illustration = {
  taskQueue: taskQueues.rendering,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '3 seconds',
  retry: drawingRetries,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
} as const satisfies ActivityOptions;

/** Drawing one picture. A worker that dies in the middle is noticed after `heartbeatTimeout`. */
export const drawing = {
  illustrated: illustration,
  // Longer than the renderer itself gives a provider for one picture.
  ai: { ...illustration, taskQueue: taskQueues.aiRendering, startToCloseTimeout: '5 minutes' },
  // Half a minute of two cores; a slow machine that takes several at once needs minutes. It beats beside a busy processor.
  studio: {
    ...illustration,
    taskQueue: taskQueues.studioRendering,
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '5 seconds',
  },
} as const satisfies Record<RendererName, ActivityOptions>;

/**
 * A chore of the housekeeping, in batches. It says that it goes on after each, and is tried a few times only: the next run
 * comes within the hour and finds whatever is left.
 */
export const chore = {
  taskQueue: taskQueues.housekeeping,
  scheduleToStartTimeout: '30 minutes',
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '2 minutes',
  retry: { initialInterval: '10 seconds', backoffCoefficient: 3, maximumAttempts: 4 },
} as const satisfies ActivityOptions;

/**
 * Walking through all assets, or all objects of the storage, which may be millions. It says that it goes on after each page, and
 * is tried a few times only: the next run comes within a day.
 */
export const collecting = {
  taskQueue: taskQueues.housekeeping,
  scheduleToStartTimeout: '3 hours',
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '5 minutes',
  retry: { initialInterval: '1 minute', backoffCoefficient: 3, maximumAttempts: 3 },
} as const satisfies ActivityOptions;

/**
 * One attempt to deliver a webhook, which itself takes 15 s at most. Temporal tries again only where a worker died or Postgres is
 * away: what a receiver does is an answer, and the workflow's schedule decides.
 */
export const deliveryAttempt = {
  taskQueue: taskQueues.webhooks,
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
} as const satisfies ActivityOptions;

const [second, minute, hour] = [1_000, 60_000, 3_600_000];

/**
 * How long after the one before each further attempt is made, in ms: the schedule of
 * [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), some three days.
 */
export const deliveryRetriesMs: readonly number[] = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

/** By which part of itself a wait is longer or shorter, by chance: what failed together is not tried again together. */
export const deliveryJitter = 0.1;
