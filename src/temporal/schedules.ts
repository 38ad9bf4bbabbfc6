import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client, type ScheduleOptions } from '@temporalio/client';
import { taskQueues } from '../domain/task-queues.ts';
import type * as workflows from '../../workflows/index.ts'; // types only: workflow code is loaded by the bundler alone

const withinMs = 10_000;

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

const storageCollector = {
  scheduleId: 'storage-collector',
  spec: { intervals: [{ every: '1 day', offset: '30 minutes' }] },
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 day' },
  action: {
    type: 'startWorkflow',
    workflowType: 'collectStorage' satisfies keyof typeof workflows,
    workflowId: 'storage-collector',
    taskQueue: taskQueues.influencers,
    args: [],
    workflowRunTimeout: '23 hours',
    staticSummary: 'Remove pictures that nothing uses',
    staticDetails: [
      'Removes assets that no influencer has used for 30 days, and objects of the storage that no row names and that are 24 hours old: what was left where something broke off.',
      'Its result counts them: `spared` objects are too young yet, `foreign` ones are not of this service and stay. Pausing, triggering and terminating it are safe: what is left is done at the next run. Pause it before you put the database back to an earlier state, and look with `doppel storage verify` before you let it go on.',
    ].join('\n\n'),
  },
} as const satisfies ScheduleOptions;

const schedules: readonly ScheduleOptions[] = [housekeeping, storageCollector];

/** Makes sure that Temporal runs what comes by the clock; a Schedule that is there, or that an operator paused, is left alone. */
export async function ensureSchedules(temporal: Client): Promise<void> {
  await temporal.withDeadline(Date.now() + withinMs, async () => {
    for (const schedule of schedules) {
      try {
        await temporal.schedule.create(schedule);
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      }
    }
  });
}

/** Makes sure of it, as this release wants it. Whether one is paused stays. Safe when several processes do it at once. */
export async function updateSchedules(temporal: Client): Promise<void> {
  await ensureSchedules(temporal);
  await temporal.withDeadline(Date.now() + withinMs, async () => {
    for (const schedule of schedules) {
      const handle = temporal.schedule.getHandle(schedule.scheduleId);
      await handle.update(({ state }) => ({ ...schedule, state }));
    }
  });
}
