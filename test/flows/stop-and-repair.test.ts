// A caller stops a job and repairs it, and an operator does what the UI of Temporal offers, while real workers draw.

import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import { formatId, parseId } from '../../src/domain/ids.ts';
import { shots, type Shot } from '../../src/domain/shots.ts';
import { drawingFolder, thumbnailKeyOf } from '../../src/storage/storage.ts';
import type { RunningWorker } from '../../src/worker.ts';
import { ApplicationFailure } from '@temporalio/client';
import { call, createTenant, startTestApi, type Reply, type Tenant, type TestApi } from '../support/api.ts';
import { createInfluencer, type Created } from '../support/builders.ts';
import { jobOf } from '../support/caller-jobs.ts';
import { eventually, until } from '../support/eventually.ts';
import { gate, type Gate } from '../support/gate.ts';
import { assertEventsGapless, storedOf, type Stored } from '../support/jobs.ts';
import { plainRenderer, type BeforeDrawing } from '../support/plain-renderer.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { keysBelow } from '../support/stored-keys.ts';
import { startTestWorker } from '../support/worker.ts';

/** Waits as a slow renderer does: until it may go on, or is canceled. */
const held = ({ opened }: Gate, signal: AbortSignal) =>
  Promise.race([
    opened,
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    }),
  ]);

/** Draws the first shot that comes, whichever that is, and holds the others. */
const onlyFirst = (others: Gate): BeforeDrawing => {
  let first: Shot | undefined;
  return (shot, signal) => ((first ??= shot) === shot ? undefined : held(others, signal));
};

describe('a job that is stopped, and repaired', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let tenant: Tenant;
  let worker: RunningWorker;
  /** What happens before a shot is drawn, in the test that runs. */
  let draw: BeforeDrawing;

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: temporal.connect });
    tenant = await createTenant(api.database);
    worker = await startTestWorker(api, temporal, {
      reconcileEveryMs: 500,
      renderers: { illustrated: plainRenderer((shot, signal) => draw(shot, signal)) },
    });
  });
  after(async () => {
    await worker.close();
    await api.close();
    await temporal.close();
  });
  beforeEach(() => {
    draw = () => undefined;
  });

  const ask = (path: string, method = 'GET'): Promise<Reply> => call(`${api.url}${path}`, { method, key: tenant.key });
  const read = async (jobId: string): Promise<Reply['body']> => (await ask(`/v1/jobs/${jobId}`)).body;
  const cancel = (jobId: string) => ask(`/v1/jobs/${jobId}/cancel`, 'POST');
  const retry = (jobId: string) => ask(`/v1/jobs/${jobId}/retry`, 'POST');
  const untilJob = (jobId: string, what: string, holds: (job: Reply['body']) => boolean): Promise<Reply['body']> =>
    eventually(
      `${jobId} ${what}`,
      async () => {
        const job = await read(jobId);
        return holds(job) ? job : undefined;
      },
      { withinMs: 30_000, everyMs: 20 },
    );
  const untilEnded = (jobId: string) => untilJob(jobId, 'has ended', ({ status }) => status !== 'running');
  const create = (): Promise<Created> => createInfluencer(api, tenant);
  const stored = (created: Created): Promise<Stored> => storedOf(api.database, jobOf(tenant, created));
  const handleOf = (jobId: string) => temporal.client.workflow.getHandle(jobId);
  const untilClosed = (workflowId: string) =>
    eventually('its workflow is closed', async () => {
      const { status } = await handleOf(workflowId).describe();
      return status.name === 'RUNNING' ? undefined : status.name;
    });

  /** The objects of a job are those that its images name, and their thumbnails. */
  async function assertNoStrayObject(created: Created): Promise<void> {
    const { images } = await stored(created);
    const wanted = images
      .filter(({ role }) => role === 'rendered')
      .flatMap(({ storageKey }) => [storageKey, thumbnailKeyOf(storageKey)]);
    const folder = drawingFolder({ organizationId: tenant.organizationId, jobId: parseId('job', created.jobId) });
    assert.deepEqual(await keysBelow(api.storage, folder), wanted.sort());
  }

  it('is canceled in the middle of a drawing: the drawing is told, what is rendered stays, and nothing is left over', async () => {
    const never = gate();
    const interrupted: Shot[] = [];
    const drawFirst = onlyFirst(never);
    draw = async (shot, signal) => {
      await Promise.resolve(drawFirst(shot, signal)).catch((error: unknown) => {
        interrupted.push(shot);
        throw error;
      });
    };
    const created = await create();
    await untilJob(created.jobId, 'has one image', ({ images }) => images.rendered === 1);
    assert.equal((await cancel(created.jobId)).status, 202);
    const job = await untilEnded(created.jobId);
    assert.deepEqual([job.status, job.images.rendered, job.error], ['canceled', 1, null]);
    assert.ok(interrupted.length > 0);
    assert.equal(await untilClosed(created.jobId), 'CANCELLED');
    await assertNoStrayObject(created);
    const { body: influencer } = await ask(`/v1/influencers/${created.influencerId}`);
    assert.equal(influencer.status, 'failed');
    assert.match(influencer.errorMessage, /canceled/);
    assert.equal(influencer.referenceImages.length, 1);
  });

  it('ends canceled or completed, never both, never neither, whenever it is canceled', async () => {
    const ends = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const created = await create();
        // At a moment of its own: after so many of its events, or at once.
        const moment = index % 11;
        if (moment > 0) {
          await eventually(
            'it has come so far',
            async () => {
              const { job } = await stored(created);
              return job.lastSeq >= moment || job.status !== 'running' ? true : undefined;
            },
            { everyMs: 1 + index },
          );
        }
        const { status: answered } = await cancel(created.jobId);
        const job = await untilEnded(created.jobId);
        assert.ok([200, 202, 409].includes(answered));
        assert.equal(job.status, answered === 202 ? 'canceled' : 'completed');
        return created;
      }),
    );
    for (const created of ends) {
      const now = await stored(created);
      assertEventsGapless(now);
      assert.equal(now.events.filter(({ status }) => status !== 'running').length, 1);
      assert.equal(now.influencer.status, now.job.status === 'completed' ? 'ready' : 'failed');
      if (now.job.dispatchedAt !== null) await untilClosed(created.jobId);
      await assertNoStrayObject(created);
    }
  });

  it('that fails with two of six shows four images, names the two, and a retry draws these two alone', async () => {
    const broken: readonly Shot[] = ['profile', 'smiling'];
    draw = (shot) => {
      if (!broken.includes(shot)) return;
      throw ApplicationFailure.create({ type: 'RENDER_FAILED', message: 'no pencil', nonRetryable: true });
    };
    const created = await create();
    const failed = await untilEnded(created.jobId);
    assert.deepEqual(
      [failed.status, failed.images.rendered, failed.images.failed, failed.error.code, failed.error.details],
      ['failed', 4, 2, 'RENDER_FAILED', { shots: [...broken] }],
    );
    assert.match(failed.error.message, /2 of 6 .*profile, smiling/);
    const first = await stored(created);

    const drawn: Shot[] = [];
    draw = (shot) => {
      drawn.push(shot);
    };
    assert.equal((await retry(created.jobId)).status, 202);
    const job = await untilEnded(created.jobId);
    assert.deepEqual([job.status, job.attempt, job.images.rendered], ['completed', 2, 6]);
    assert.deepEqual(drawn.sort(), [...broken].sort());
    assert.equal(await untilClosed(`${created.jobId}.2`), 'COMPLETED');
    const now = await stored(created);
    for (const image of first.images) assert.ok(now.images.some(({ assetId }) => assetId === image.assetId));
    assertEventsGapless(now);
    await assertNoStrayObject(created);
  });

  it('is rehearsed with a test key: too busy at first, then one of six fails, then a retry goes well', async () => {
    const sandbox = await createTenant(api.database, { environment: 'test' });
    const asSandbox = (path: string, options: Parameters<typeof call>[1] = {}) =>
      call(`${api.url}${path}`, { key: sandbox.key, ...options });
    const { status, body: created } = await asSandbox(`/v1/projects/${sandbox.projectId}/influencers`, {
      body: { name: 'Ava' },
      headers: { 'X-Doppel-Simulate': 'retry_after=2, fail_shot=2, delay_ms=100' },
    });
    assert.equal(status, 202);
    const readJob = async () => (await asSandbox(`/v1/jobs/${String(created.jobId)}`)).body;
    const { waiting } = await eventually(
      'it says why nothing moves',
      async () => {
        const job = await readJob();
        return job.waiting?.reason === 'rate_limited' ? job : undefined;
      },
      { everyMs: 20 },
    );
    assert.equal(waiting.error.code, 'RATE_LIMITED');
    assert.doesNotMatch(waiting.error.message, /request|Retry-After/i);
    assert.ok(Date.parse(waiting.nextAttemptAt) > Date.parse(waiting.since));
    const untilOver = () =>
      eventually('it is over', async () => {
        const job = await readJob();
        return job.status === 'running' ? undefined : job;
      });
    const failed = await untilOver();
    assert.deepEqual(
      [failed.status, failed.images.rendered, failed.error.details],
      ['failed', 5, { shots: ['three_quarter'] }],
    );
    await asSandbox(`/v1/jobs/${String(created.jobId)}/retry`, { method: 'POST' });
    assert.equal((await untilOver()).status, 'completed');
  });

  it('is repaired after it was canceled', async () => {
    const never = gate();
    draw = onlyFirst(never);
    const created = await create();
    await untilJob(created.jobId, 'has one image', ({ images }) => images.rendered === 1);
    await cancel(created.jobId);
    await untilEnded(created.jobId);
    draw = () => undefined;
    assert.equal((await retry(created.jobId)).status, 202);
    const job = await untilEnded(created.jobId);
    assert.deepEqual([job.status, job.attempt], ['completed', 2]);
    assertEventsGapless(await stored(created));
    await untilClosed(`${created.jobId}.2`);
    await assertNoStrayObject(created);
  });

  it('ends with its influencer, and so does its workflow', async () => {
    const never = gate();
    draw = (_, signal) => held(never, signal);
    const created = await create();
    await untilJob(created.jobId, 'is being rendered', ({ stage }) => stage === 'rendering');
    const reply = await ask(`/v1/influencers/${created.influencerId}`, 'DELETE');
    assert.equal(reply.status, 200);
    assert.equal((await read(created.jobId)).status, 'canceled');
    assert.equal(await untilClosed(created.jobId), 'CANCELLED');
    await assertNoStrayObject(created);
  });

  describe('when an operator', () => {
    const hold = async () => {
      const never = gate();
      draw = (_, signal) => held(never, signal);
      const created = await create();
      await untilJob(created.jobId, 'is being rendered', ({ stage }) => stage === 'rendering');
      return { created, never };
    };
    /** As if the ten seconds had passed in which a job that does not move is left alone. */
    const still = ({ jobId }: Created) =>
      api
        .database('jobs')
        .where({ id: parseId('job', jobId), status: 'running' })
        .update({ dispatched_at: new Date(0), updated_at: new Date(0) });

    it('cancels its workflow, it is canceled', async () => {
      const { created } = await hold();
      await handleOf(created.jobId).cancel();
      assert.equal((await untilEnded(created.jobId)).status, 'canceled');
    });

    it('terminates its workflow, it fails as terminated, and can be retried', async () => {
      const { created, never } = await hold();
      await handleOf(created.jobId).terminate('as an operator may');
      await still(created);
      const job = await untilEnded(created.jobId);
      assert.deepEqual([job.status, job.error.code, job.error.retryable], ['failed', 'TERMINATED', true]);
      never.open();
      draw = () => undefined;
      await retry(created.jobId);
      assert.equal((await untilEnded(created.jobId)).status, 'completed');
      assertEventsGapless(await stored(created));
    });

    const reset = async (jobId: string) => {
      const { events } = await handleOf(jobId).fetchHistory();
      const firstTask = events?.find((event) => event.workflowTaskCompletedEventAttributes != null);
      await temporal.client.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: jobId },
        reason: 'as an operator may',
        requestId: newId(),
        workflowTaskFinishEventId: firstTask?.eventId ?? null,
      });
    };

    it('resets its workflow while it runs, it goes on', async () => {
      const { created, never } = await hold();
      await reset(created.jobId);
      never.open();
      assert.equal((await untilEnded(created.jobId)).status, 'completed');
      const now = await stored(created);
      assertEventsGapless(now);
      assert.equal(now.images.filter(({ role }) => role === 'rendered').length, shots.length);
    });

    it('resets its workflow after it has ended, nothing changes', async () => {
      const created = await create();
      await untilEnded(created.jobId);
      await untilClosed(created.jobId);
      const ended = await stored(created);
      await reset(created.jobId);
      assert.equal(await untilClosed(created.jobId), 'COMPLETED');
      assert.deepEqual(await stored(created), ended);
    });

    it('lets it run too long, it times out with its images kept, and can be retried', async () => {
      const never = gate();
      draw = onlyFirst(never);
      const created = await create();
      await untilJob(created.jobId, 'has one image', ({ images }) => images.rendered === 1);
      await api
        .database('jobs')
        .where({ id: parseId('job', created.jobId) })
        .update({ rendering_at: new Date(Date.now() - 3 * 3_600_000) });
      const job = await untilEnded(created.jobId);
      assert.deepEqual([job.status, job.error.code, job.images.rendered], ['failed', 'TIMED_OUT', 1]);
      draw = () => undefined;
      await retry(created.jobId);
      assert.equal((await untilEnded(created.jobId)).status, 'completed');
    });
  });

  it('is started anew, with what was rendered kept, when Temporal has lost it', async () => {
    const never = gate();
    draw = onlyFirst(never);
    const created = await create();
    await untilJob(created.jobId, 'has one image', ({ images }) => images.rendered === 1);
    const first = await stored(created);
    await temporal.client.workflowService.deleteWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: created.jobId },
    });
    await until('Temporal does not know it', async () =>
      handleOf(created.jobId)
        .describe()
        .then(
          () => false,
          () => true,
        ),
    );
    draw = () => undefined;
    never.open();
    await api
      .database('jobs')
      .where({ id: parseId('job', created.jobId) })
      .update({ dispatched_at: new Date(0), updated_at: new Date(0) });
    const job = await untilEnded(created.jobId);
    assert.deepEqual([job.status, job.attempt], ['completed', 1]);
    const now = await stored(created);
    assertEventsGapless(now);
    assert.ok(now.images.some(({ assetId }) => assetId === first.images[0]?.assetId));
    assert.equal(formatId('job', jobOf(tenant, created).jobId), created.jobId);
  });
});
