import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { v7 as newId } from 'uuid';
import { createDatabaseActivities, createDrawingActivities } from '../../activities/index.ts';
import type { JobAttempt } from '../../src/domain/job.ts';
import { openTemporal } from '../../src/temporal/connection.ts';
import { createLiveJobs, type LiveJob } from '../../src/temporal/live-job.ts';
import { jobWorkflowId, startJobWorkflow } from '../../src/temporal/start-workflow.ts';
import { startTestActivities, type TestActivities } from '../support/activities.ts';
import { silent } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { acceptJob, type TestJob } from '../support/jobs.ts';
import { plainRenderer } from '../support/plain-renderer.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { startTestWorkers } from '../support/test-workers.ts';
import { failure } from '../support/workflow-runs.ts';

type Asked = Promise<unknown>;

/** What live jobs need of a client, played, and how often it was asked to describe something. */
function playedClient(describe: () => Asked): { client: Client; asked: () => number } {
  let asked = 0;
  const played = {
    withDeadline: (_: number, ask: () => Asked) => ask(),
    workflow: {
      getHandle: () => ({
        describe() {
          asked++;
          return describe();
        },
        query: () => Promise.resolve({ stage: 'rendering', shots: {} }),
      }),
    },
  };
  return { client: played as unknown as Client, asked: () => asked };
}

const anotherJob = () => ({ jobId: newId(), attempt: 1 });
const nothingPending = () => Promise.resolve({ raw: { pendingActivities: [] } });
const secondOf = (ms: number) => Math.floor(ms / 1000);

describe('live jobs', () => {
  describe('without a server', () => {
    it('ask once for a hundred who want to know of one job', async () => {
      const { client, asked } = playedClient(nothingPending);
      const liveJobs = createLiveJobs(client, silent);
      const job = anotherJob();
      const answers = await Promise.all(Array.from({ length: 100 }, () => liveJobs.of(job)));
      assert.equal(asked(), 1);
      assert.equal(new Set(answers).size, 1);
    });

    it('ask again after a quarter of a second', async () => {
      const { client, asked } = playedClient(nothingPending);
      const liveJobs = createLiveJobs(client, silent);
      const job = anotherJob();
      const first = await liveJobs.of(job);
      const second = await eventually('another answer', async () => {
        const answer = await liveJobs.of(job);
        return answer === first ? undefined : answer;
      });
      assert.notEqual(second, first);
      assert.equal(asked(), 2);
    });

    it('ask at most twenty times a second, and answer null beyond that', async () => {
      for (let tries = 0; tries < 5; tries++) {
        const { client, asked } = playedClient(nothingPending);
        const liveJobs = createLiveJobs(client, silent);
        const startedAt = Date.now();
        const answers = await Promise.all(Array.from({ length: 50 }, () => liveJobs.of(anotherJob())));
        if (secondOf(startedAt) !== secondOf(Date.now())) continue; // the next second began meanwhile
        assert.equal(asked(), 20);
        assert.equal(answers.filter((answer) => answer === null).length, 30);
        return;
      }
      assert.fail('fifty questions took a second, five times');
    });

    it('are quiet after a failure, and tell since when', async () => {
      const { client, asked } = playedClient(() => Promise.reject(new Error('away')));
      const liveJobs = createLiveJobs(client, silent);
      const first = await liveJobs.of(anotherJob());
      assert.ok(first?.answered === false);
      for (let index = 0; index < 50; index++) {
        const answer = await liveJobs.of(anotherJob());
        assert.deepEqual(answer, { ...first, sharedUntil: answer?.sharedUntil });
      }
      assert.equal(asked(), 1);
    });

    it('answer within half a second when nothing listens where Temporal was', async () => {
      const { temporal, connection } = openTemporal({ connectionOptions: { address: '127.0.0.1:1' } });
      try {
        const liveJobs = createLiveJobs(temporal, silent);
        const startedAt = performance.now();
        assert.equal((await liveJobs.of(anotherJob()))?.answered, false);
        assert.ok(performance.now() - startedAt < 500);
      } finally {
        await connection.close();
      }
    });
  });

  describe('on a server', () => {
    let temporal: TestTemporal;
    let steps: TestActivities;

    before(async function () {
      this.timeout(temporalTimeoutMs);
      temporal = await startTestTemporal();
      steps = await startTestActivities();
    });
    after(async () => {
      await temporal.close();
      await steps.close();
    });

    async function start(): Promise<TestJob> {
      const job = await acceptJob(steps.database, { shots: ['portrait'] });
      await startJobWorkflow(temporal.client, job);
      return job;
    }

    const ask = async (job: JobAttempt): Promise<LiveJob & { answered: true }> => {
      const answer = await createLiveJobs(temporal.client, silent).of(job);
      assert.ok(answer?.answered);
      return answer;
    };

    it('hold nothing, and know no state, of a job without a worker', async () => {
      const job = await start();
      const startedAt = performance.now();
      const { heldSteps, state } = await ask(job);
      assert.deepEqual([heldSteps, state], [[], null]);
      assert.ok(performance.now() - startedAt < 600);
    });

    it('hold nothing of a job that Temporal does not know', async () => {
      const { heldSteps, state } = await ask(anotherJob());
      assert.deepEqual([heldSteps, state], [[], null]);
    });

    it('tell that a step is tried again, when, how often, and the code it failed with; then that it is paused', async () => {
      const deps = {
        ...steps.deps,
        renderers: {
          illustrated: plainRenderer(() => {
            throw failure('RENDER_FAILED');
          }),
        },
      };
      const workers = await startTestWorkers(await temporal.native(), {
        ...createDatabaseActivities(deps),
        ...createDrawingActivities(deps),
      });
      try {
        const job = await start();
        const retrying = await eventually('the step is tried again', async () => {
          const answer = await ask(job);
          return answer.heldSteps.length > 0 ? answer : undefined;
        });
        const [held, ...others] = retrying.heldSteps;
        assert.deepEqual(others, []);
        assert.deepEqual([held?.reason, held?.code], ['retrying', 'RENDER_FAILED']);
        assert.ok((held?.attempt ?? 0) >= 2);
        assert.ok(held && held.nextAttemptAt !== null && held.nextAttemptAt > held.since);
        assert.deepEqual(retrying.state, { stage: 'rendering', shots: { portrait: 'rendering' } });

        const { connection, options } = temporal.client;
        await connection.workflowService.pauseActivity({
          namespace: options.namespace,
          execution: { workflowId: jobWorkflowId(job) },
          type: 'drawShot',
          identity: 'operator',
        });
        const paused = await eventually('the step is paused', async () => {
          const [step] = (await ask(job)).heldSteps;
          return step?.reason === 'paused' ? step : undefined;
        });
        assert.equal(paused.nextAttemptAt, null);
        assert.equal(paused.code, 'RENDER_FAILED');
        await temporal.client.workflow.getHandle(jobWorkflowId(job)).terminate();
      } finally {
        await workers.close();
      }
    });
  });
});
