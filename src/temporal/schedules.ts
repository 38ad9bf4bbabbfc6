import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client, type ScheduleOptions } from '@temporalio/client';
import { taskQueues } from '../domain/task-queues.ts';
import type * as workflows from '../../workflows/index.ts'; // types only: workflow code is loaded by the bundler alone

const withinMs = 5_000;

const housekeeping = {
  scheduleId: 'housekeeping',
  spec: { intervals: [{ every: '1 hour' }] },
  // What an absence of Temporal or of workers left undone is done once, not once for each hour.
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 hour' },
  action: {
    type: 'startWorkflow',
    workflowType: 'housekeeping' satisfies keyof typeof workflows,
    workflowId: 'housekeeping',
    taskQueue: taskQueues.influencers,
    args: [],
    workflowRunTimeout: '3 hours',
    staticSummary: 'Do away with what has had its time',
    staticDetails: [
      'Removes uploads that nobody finalized and drawings that became no image; forgets idempotency keys, rate windows, old events and deliveries; erases influencers deleted for 30 days.',
      'Its result counts them. Pausing, triggering and terminating it are safe: what is left is done at the next run.',
    ].join('\n\n'),
  },
} as const satisfies ScheduleOptions;

/** Makes sure that Temporal runs the housekeeping each hour; one that is there, or that an operator paused, is left alone. */
export async function ensureSchedules(temporal: Client): Promise<void> {
  await temporal.withDeadline(Date.now() + withinMs, async () => {
    try {
      await temporal.schedule.create(housekeeping);
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  });
}

/** Makes sure of it, as this release wants it. Whether it is paused stays. Safe when several processes do it at once. */
export async function updateSchedules(temporal: Client): Promise<void> {
  await ensureSchedules(temporal);
  await temporal.withDeadline(Date.now() + withinMs, () =>
    temporal.schedule.getHandle(housekeeping.scheduleId).update(({ state }) => ({ ...housekeeping, state })),
  );
}
