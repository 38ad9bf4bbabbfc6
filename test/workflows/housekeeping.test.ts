import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { v7 as newId } from 'uuid';
import type { HousekeepingActivities } from '../../activities/index.ts';
import { taskQueues } from '../../src/domain/task-queues.ts';
import type { housekeeping } from '../../workflows/index.ts';
import { createTimeSkippingEnvironment } from '../support/temporal-test-server.ts';
import { workflowBundleOnce } from '../support/test-workers.ts';
import { failure } from '../support/workflow-runs.ts';

describe('workflow housekeeping', () => {
  let environment: TestWorkflowEnvironment;
  before(async function () {
    this.timeout(600_000);
    environment = await createTimeSkippingEnvironment();
  });
  after(() => environment.teardown());

  const runWith = async (chores: Partial<HousekeepingActivities>) => {
    const calls: string[] = [];
    const activities: HousekeepingActivities = {
      removeUploads: () => Promise.resolve(1),
      forgetIdempotencyKeys: () => Promise.resolve(2),
      forgetRateWindows: () => Promise.resolve(3),
      eraseInfluencers: () => Promise.resolve(4),
      sweepDrawings: () => Promise.resolve(5),
      pruneEvents: () => Promise.resolve(6),
      forgetDeliveries: () => Promise.resolve(7),
      ...chores,
    };
    const counted = Object.entries(activities).map(([name, chore]) => [
      name,
      () => {
        calls.push(name);
        return chore();
      },
    ]);
    const connection = environment.nativeConnection;
    const workers = [
      await Worker.create({
        connection,
        taskQueue: taskQueues.influencers,
        workflowBundle: await workflowBundleOnce(),
      }),
      await Worker.create({
        connection,
        taskQueue: taskQueues.housekeeping,
        activities: Object.fromEntries(counted) as HousekeepingActivities,
      }),
    ];
    const working = workers.map((worker) => worker.run());
    const handle = await environment.client.workflow.start<typeof housekeeping>('housekeeping', {
      workflowId: newId(),
      taskQueue: taskQueues.influencers,
    });
    const result = await handle.result().then(
      (done) => ({ done, error: null }),
      (error: unknown) => ({ done: null, error: (error as { cause: Error }).cause }),
    );
    for (const worker of workers) worker.shutdown();
    await Promise.all(working);
    return { ...result, calls };
  };

  it('does each chore once and counts what it did', async () => {
    const { done, calls } = await runWith({});
    assert.deepEqual(done, {
      removeUploads: 1,
      forgetIdempotencyKeys: 2,
      forgetRateWindows: 3,
      eraseInfluencers: 4,
      sweepDrawings: 5,
      pruneEvents: 6,
      forgetDeliveries: 7,
    });
    assert.deepEqual(calls, Object.keys(done));
  });

  it('tries a chore again that fails for a while', async () => {
    let tries = 0;
    const { done } = await runWith({
      removeUploads: () => (++tries < 3 ? Promise.reject(failure('UNAVAILABLE')) : Promise.resolve(9)),
    });
    assert.equal(done?.removeUploads, 9);
  });

  it('does the other chores when one fails for good, and then fails, naming it', async () => {
    const { error, calls } = await runWith({ removeUploads: () => Promise.reject(failure('INTERNAL')) });
    assert.equal(error?.message, 'These chores failed: removeUploads.');
    assert.deepEqual(calls, [
      ...Array.from({ length: 4 }, () => 'removeUploads'),
      'forgetIdempotencyKeys',
      'forgetRateWindows',
      'eraseInfluencers',
      'sweepDrawings',
      'pruneEvents',
      'forgetDeliveries',
    ]);
  });
});
