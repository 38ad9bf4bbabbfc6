import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { v7 as newId } from 'uuid';
import type { StorageActivities } from '../../activities/index.ts';
import { taskQueues } from '../../src/domain/task-queues.ts';
import type { collectStorage } from '../../workflows/index.ts';
import { createTimeSkippingEnvironment } from '../support/temporal-test-server.ts';
import { workflowBundleOnce } from '../support/test-workers.ts';
import { failure } from '../support/workflow-runs.ts';

const collected = { objects: 9, bytes: 90, removed: 2, removedBytes: 20, spared: 1, foreign: 3 };

describe('workflow collectStorage', () => {
  let environment: TestWorkflowEnvironment;
  before(async function () {
    this.timeout(600_000);
    environment = await createTimeSkippingEnvironment();
  });
  after(() => environment.teardown());

  const runWith = async (steps: Partial<StorageActivities> = {}) => {
    const calls: string[] = [];
    const activities: StorageActivities = {
      removeUnusedAssets: () => Promise.resolve(7),
      collectObjects: () => Promise.resolve(collected),
      ...steps,
    };
    const counted = Object.entries(activities).map(([name, step]) => [
      name,
      () => {
        calls.push(name);
        return step();
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
        activities: Object.fromEntries(counted) as StorageActivities,
      }),
    ];
    const working = workers.map((worker) => worker.run());
    const handle = await environment.client.workflow.start<typeof collectStorage>('collectStorage', {
      workflowId: newId(),
      taskQueue: taskQueues.influencers,
    });
    const result = await handle.result().then(
      (done) => ({ done, error: null }),
      (error: unknown) => ({ done: null, error: (error as { cause: Error & { details?: unknown[] } }).cause }),
    );
    for (const worker of workers) worker.shutdown();
    await Promise.all(working);
    return { ...result, calls };
  };

  it('removes unused assets, then collects objects, and tells what went', async () => {
    const { done, calls } = await runWith();
    assert.deepEqual(done, { removedAssets: 7, ...collected });
    assert.deepEqual(calls, ['removeUnusedAssets', 'collectObjects']);
  });

  it('tries again what fails for a while', async () => {
    let tries = 0;
    const { done } = await runWith({
      collectObjects: () => (++tries < 3 ? Promise.reject(failure('UNAVAILABLE')) : Promise.resolve(collected)),
    });
    assert.deepEqual(done, { removedAssets: 7, ...collected });
  });

  it('collects objects also where assets cannot be removed, and then fails, telling what went', async () => {
    const { error, calls } = await runWith({ removeUnusedAssets: () => Promise.reject(failure('INTERNAL')) });
    assert.equal(error?.message, 'Assets that nothing uses could not all be removed.');
    assert.deepEqual(error.details, [{ removedAssets: null, ...collected }]);
    assert.deepEqual(calls, [...Array.from({ length: 3 }, () => 'removeUnusedAssets'), 'collectObjects']);
  });
});
