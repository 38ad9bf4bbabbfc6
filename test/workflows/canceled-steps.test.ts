import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { v7 as newId } from 'uuid';
import { shots } from '../../src/domain/shots.ts';
import { taskQueues } from '../../src/domain/task-queues.ts';
import type { influencerCreate } from '../../workflows/influencer-create.ts';
import { gate } from '../support/gate.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { startTestWorkers } from '../support/test-workers.ts';
import { workingSteps } from '../support/workflow-runs.ts';

type Handle = WorkflowHandleWithFirstExecutionRunId<typeof influencerCreate>;

// On a real server: the time-skipping one tells a worker of nothing while it works on a task, and so of things in another order.
describe('a cancellation of influencerCreate', () => {
  let temporal: TestTemporal;
  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
  });
  after(() => temporal.close());

  const start = (jobId: string): Promise<Handle> =>
    temporal.client.workflow.start<typeof influencerCreate>('influencerCreate', {
      workflowId: jobId,
      taskQueue: taskQueues.influencers,
      args: [{ jobId, attempt: 1 }],
      workflowTaskTimeout: '1 second', // it hears of the cancellation after 0.8 of this
    });
  const ended = async (handle: Handle) => {
    await handle.result().catch(() => undefined); // how it ended is what is asked for
    return (await handle.describe()).status.name;
  };

  for (const step of ['copyReferenceMetadata', 'beginShots', 'recordShot', 'publishInfluencer'] as const) {
    it(`may come together with the result of ${step}`, async function () {
      this.timeout(60_000);
      const begun = new Map<string, { lastsMs: number; open: () => void }>();
      const workers = await startTestWorkers(await temporal.native(), {
        ...workingSteps,
        async [step]({ jobId }: { jobId: string }) {
          const run = begun.get(jobId);
          run?.open();
          await delay(run?.lastsMs);
          return step === 'copyReferenceMetadata' ? { waves: [[...shots]], total: shots.length } : 'published';
        },
      });
      try {
        const faults = await Promise.all(
          Array.from({ length: 60 }, async (_, index) => {
            const jobId = newId();
            const { opened, open } = gate();
            begun.set(jobId, { lastsMs: 770 + index, open });
            const handle = await start(jobId);
            await opened;
            await handle.cancel();
            const end = await ended(handle);
            const { events = [] } = await handle.fetchHistory();
            const failed = events?.flatMap(({ workflowTaskFailedEventAttributes: why }) => why?.failure?.message ?? []);
            const isRight = end === 'CANCELLED' || (end === 'COMPLETED' && step === 'publishInfluencer');
            // Temporal's own way to have a workflow look again that ends while something comes.
            return isRight ? failed?.filter((message) => message !== 'UnhandledCommand') : [end];
          }),
        );
        assert.deepEqual(faults.flat(), []);
      } finally {
        await workers.close();
      }
    });
  }

  it('does not wait until a drawing can be recorded', async () => {
    const begun = gate();
    const recorded = gate();
    const workers = await startTestWorkers(await temporal.native(), {
      ...workingSteps,
      async recordShot() {
        begun.open();
        await recorded.opened;
      },
    });
    try {
      const handle = await start(newId());
      await begun.opened;
      await handle.cancel();
      assert.equal(await ended(handle), 'CANCELLED');
    } finally {
      recorded.open();
      await workers.close();
    }
  });
});
