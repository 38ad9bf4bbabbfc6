import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { v7 as newId } from 'uuid';
import { formatId } from '../../src/domain/ids.ts';
import { taskQueues } from '../../src/domain/task-queues.ts';
import type { RunningWorker } from '../../src/worker.ts';
import type { housekeeping } from '../../workflows/housekeeping.ts';
import { call, createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { eventually, until } from '../support/eventually.ts';
import { assertWhole, clone, cloneTimes, createReady, untilCompleted, type Caller } from '../support/flows.ts';
import { gate } from '../support/gate.ts';
import { plainRenderer, type BeforeDrawing } from '../support/plain-renderer.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { createInfluencer } from '../support/builders.ts';
import type { EagerStarts } from '../../src/temporal/dispatcher.ts';
import { startTestWorker } from '../support/worker.ts';

describe('influencers, from the request to the pictures', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let tenant: Tenant;
  let caller: Caller;

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: temporal.connect });
    tenant = await createTenant(api.database);
    caller = { url: api.url, key: tenant.key };
  });
  after(async () => {
    await api.close();
    await temporal.close();
  });

  const work = (before?: BeforeDrawing): Promise<RunningWorker> =>
    startTestWorker(api, temporal, {
      renderers: { illustrated: plainRenderer(before) },
    });

  const read = (where: string) => call(`${api.url}${where}`, { key: tenant.key });

  describe('with API and worker in one process', () => {
    it('has the first task of its workflow with the start, and goes on by any worker where that one is gone', async () => {
      const eagerStarts: EagerStarts = { client: null };
      const both = await startTestApi({
        on: { database: api.database, url: api.databaseUrl, drop: () => Promise.resolve() },
        temporal: temporal.connect,
        storage: api.storageSettings,
        eagerStarts,
      });
      const renderers = { illustrated: plainRenderer() };
      const worker = await startTestWorker(api, temporal, { eagerStarts, renderers });
      await until('it polls', () => Promise.resolve(eagerStarts.client !== null));
      const create = async () => (await createInfluencer(both, tenant)).jobId;
      const wasEager = async (jobId: string) => {
        const { events } = await temporal.client.workflow.getHandle(jobId).fetchHistory();
        return events?.[0]?.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted;
      };
      const first = await create();
      await untilCompleted(api.database, [first]);
      assert.equal(await wasEager(first), true);

      await worker.close();
      assert.equal(eagerStarts.client, null);
      const second = await create();
      const other = await startTestWorker(api, temporal, { renderers });
      await untilCompleted(api.database, [second]);
      assert.equal(await wasEager(second), false);
      await other.close();
      await both.close();
    });
  });

  it('leave housekeeping its turn while all workers draw and more waits to be drawn', async function () {
    this.timeout(60_000);
    const slots = availableParallelism();
    let drawing = 0;
    const allowed = gate();
    const worker = await work(() => {
      drawing += 1;
      return allowed.opened;
    });
    try {
      const created = await Promise.all(Array.from({ length: slots }, () => createInfluencer(api, tenant)));
      await until('all draw', () => Promise.resolve(drawing === slots));
      const done = await temporal.client.workflow.execute<typeof housekeeping>('housekeeping', {
        workflowId: newId(),
        taskQueue: taskQueues.influencers,
      });
      assert.equal(done.removeUploads, 0);
      assert.equal(drawing, slots);
      allowed.open();
      await untilCompleted(
        api.database,
        created.map(({ jobId }) => jobId),
      );
    } finally {
      allowed.open();
      await worker.close();
    }
  });

  describe('with a renderer of one colour', () => {
    it('of 200 clones at once, 20 of them with one id, 181 are made, each once and whole', async function () {
      this.timeout(120_000);
      const worker = await work();
      try {
        const sourceId = await createReady(caller, tenant.projectId);
        const newInfluencerId = formatId('influencer', newId());
        const replies = await Promise.all(
          Array.from({ length: 200 }, (_, index) =>
            clone(caller, sourceId, {
              name: `Clone ${String(index)}`,
              ...(index % 10 === 0 && { newInfluencerId }),
            }),
          ),
        );
        const accepted = replies.filter(({ status }) => status === 202);
        const conflicts = replies.filter(({ status }) => status === 409);
        assert.deepEqual([accepted.length, conflicts.length], [181, 19]);
        assert.equal(accepted.filter(({ body }) => body.influencerId === newInfluencerId).length, 1);

        const jobIds = accepted.map(({ body }) => body.jobId as string);
        await untilCompleted(api.database, jobIds, 90_000);
        await assertWhole(api.database, jobIds, api.storage);

        const query = `SourceInfluencerId = '${sourceId}'`;
        await until('181 workflows are completed', async () => {
          const { count } = await temporal.client.workflow.count(`${query} and ExecutionStatus = 'Completed'`);
          return count >= 181;
        });
        assert.equal((await temporal.client.workflow.count(query)).count, 181);
      } finally {
        await worker.close();
      }
    });

    it('clones are accepted while Temporal is away, can be read at once, and are made when it is back', async function () {
      this.timeout(120_000);
      const drawing = gate();
      let isHeld = false;
      const worker = await work(async () => {
        if (isHeld) await drawing.opened;
      });
      try {
        const sourceId = await createReady(caller, tenant.projectId);
        isHeld = true;
        const [started = ''] = await cloneTimes(caller, sourceId, 1);
        await eventually('it is being drawn', async () => {
          const { body } = await read(`/v1/jobs/${started}`);
          return body.stage === 'rendering' ? true : undefined;
        });

        await temporal.kill();
        const jobIds = await cloneTimes(caller, sourceId, 20);
        for (const jobId of [started, ...jobIds]) {
          const askedAt = performance.now();
          const { status, body } = await read(`/v1/jobs/${jobId}`);
          assert.ok(performance.now() - askedAt < 1_000, 'reading a job waits for Temporal');
          assert.deepEqual([status, body.status], [200, 'running']);
        }
        await until('it is told that Temporal is away', async () => {
          const { body } = await read(`/v1/jobs/${started}`);
          return body.waiting?.reason === 'engine_unavailable';
        });
        const ready = await fetch(`${api.url}/readyz`);
        assert.equal(ready.status, 200, 'accepting goes on without Temporal');
        assert.equal(((await ready.json()) as { temporal: string }).temporal, 'down');

        drawing.open();
        await temporal.restart();
        await untilCompleted(api.database, [started, ...jobIds]);
        await assertWhole(api.database, [started, ...jobIds], api.storage);
      } finally {
        drawing.open();
        await worker.close();
      }
    });
  });
});
