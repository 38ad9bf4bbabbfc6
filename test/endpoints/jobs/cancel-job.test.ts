import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import type { Activities } from '../../../activities/index.ts';
import { claimCancellations } from '../../../src/db/cancellations.ts';
import { claimUndispatched } from '../../../src/db/dispatch.ts';
import { runningJobsLimits } from '../../../src/domain/scopes.ts';
import { attemptOf, beginDrawing, complete, drawAndRecord } from '../../support/activities.ts';
import { call, createTenant, startTestApi, type Reply, type Tenant, type TestApi } from '../../support/api.ts';
import { createInfluencer, type Created } from '../../support/builders.ts';
import { activitiesOf, dispatched, jobOf } from '../../support/caller-jobs.ts';
import { assertEventsGapless, storedOf, type TestJob } from '../../support/jobs.ts';
import { assertRefused } from '../../support/refusals.ts';
import { keysBelow } from '../../support/stored-keys.ts';

const failure = { code: 'RENDER_FAILED', message: 'no pencil', retryable: true, details: null } as const;
const canceledMessage = 'The job was canceled before all images were rendered.';

describe('POST /v1/jobs/:jobId/cancel', () => {
  let api: TestApi;
  let tenant: Tenant;
  let run: Activities;
  let created: Created;
  let job: TestJob;

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
    run = activitiesOf(api);
  });
  after(() => api.close());
  const anew = async () => {
    created = await createInfluencer(api, tenant);
    job = jobOf(tenant, created);
  };
  beforeEach(anew);

  const cancel = (headers: Record<string, string> = {}): Promise<Reply> =>
    call(`${api.url}/v1/jobs/${created.jobId}/cancel`, { method: 'POST', key: tenant.key, headers });
  const stored = () => storedOf(api.database, job);
  const waitingCancellations = async () => {
    await api.database('jobs').update({ cancellation_claimed_until: null });
    return (await claimCancellations(api.database, 1_000)).filter(({ jobId }) => jobId === job.jobId);
  };
  const assertAccepted = (reply: Reply) => {
    assert.deepEqual([reply.status, reply.body], [202, { jobId: created.jobId, accepted: true }]);
  };
  const assertTooLate = (reply: Reply) => {
    const body = { jobId: created.jobId, accepted: false, reason: 'ALREADY_COMPLETED' };
    assert.deepEqual([reply.status, reply.body], [200, body]);
  };
  const assertCanceled = async () => {
    const now = await stored();
    assert.deepEqual(
      [now.job.status, now.job.stage, now.job.error, now.influencer.status, now.influencer.errorMessage],
      ['canceled', null, null, 'failed', canceledMessage],
    );
    assert.equal(now.events.at(-1)?.type, 'job.canceled');
    assertEventsGapless(now);
    return now;
  };

  it('ends a job that was not started yet, at once, and it is never started', async () => {
    assertAccepted(await cancel());
    await assertCanceled();
    await api.database('jobs').update({ claimed_until: null });
    assert.deepEqual(await claimUndispatched(api.database, 1_000, runningJobsLimits), []);
    assert.deepEqual(await waitingCancellations(), []);
  });

  it('stores the wish of a job that was started, for Temporal to be told until it took it', async () => {
    await dispatched(api.database, job);
    await beginDrawing(run, job);
    assertAccepted(await cancel());
    const now = await stored();
    assert.deepEqual([now.job.status, now.job.stage], ['running', 'rendering']);
    assert.deepEqual(await waitingCancellations(), [attemptOf(job)]);
  });

  it('may be repeated, before and after the job has ended', async () => {
    await dispatched(api.database, job);
    assertAccepted(await cancel());
    assertAccepted(await cancel());
    await run.cancelJob(attemptOf(job));
    assertTooLate(await cancel());
    assertTooLate(await cancel());
    await assertCanceled();
  });

  it('keeps what is rendered, and removes what was drawn and not recorded', async () => {
    await dispatched(api.database, job);
    const [first, second] = await beginDrawing(run, job);
    assert.ok(first !== undefined && second !== undefined);
    await drawAndRecord(run, job, first);
    await run.drawShot({ ...attemptOf(job), shot: second });
    assertAccepted(await cancel());
    await run.cancelJob(attemptOf(job));
    const now = await assertCanceled();
    assert.deepEqual(
      now.shots.filter(({ status }) => status === 'rendered').map(({ shot }) => shot),
      [first],
    );
    assert.ok(now.shots.every(({ status }) => status !== 'rendering'));
    const objects = await keysBelow(api.storage, `${job.organizationId}/${job.jobId}/`);
    assert.equal(objects.length, 2, 'a picture and its thumbnail');
    const { body } = await call(`${api.url}/v1/jobs/${created.jobId}`, { key: tenant.key });
    assert.deepEqual([body.status, body.images.rendered, body.error], ['canceled', 1, null]);
  });

  it('comes too late for a job that is being finalized, and says so', async () => {
    await dispatched(api.database, job);
    await api.database('jobs').where({ id: job.jobId }).update({ stage: 'finalizing' });
    assertRefused(await cancel(), {
      status: 409,
      code: 'CONFLICT',
      message: 'The job is being finalized and cannot be canceled any more.',
      details: { subcode: 'JOB_CANCEL_UNAVAILABLE', jobId: created.jobId, stage: 'finalizing' },
    });
    assert.deepEqual(await waitingCancellations(), []);
    await run.publishInfluencer(attemptOf(job));
    assert.equal((await stored()).job.status, 'completed');
    assertTooLate(await cancel());
  });

  for (const end of ['completed', 'failed'] as const) {
    it(`leaves a job alone that is ${end}`, async () => {
      if (end === 'completed') await complete(run, job);
      else await run.failJob({ ...attemptOf(job), error: failure });
      const before = await stored();
      assertTooLate(await cancel());
      assert.deepEqual(await stored(), before);
    });
  }

  it('keeps a job from being finalized once it is accepted', async () => {
    await dispatched(api.database, job);
    for (const shot of await beginDrawing(run, job)) await drawAndRecord(run, job, shot);
    assertAccepted(await cancel());
    assert.equal(await run.publishInfluencer(attemptOf(job)), 'stopped');
    const now = await assertCanceled();
    assert.equal(now.images.length, 6);
  });

  it('ends a job as canceled that would have failed', async () => {
    await dispatched(api.database, job);
    assertAccepted(await cancel());
    await run.failJob({ ...attemptOf(job), error: failure });
    await assertCanceled();
  });

  describe('at the same time as', () => {
    const ends: Record<string, () => Promise<unknown>> = {
      'its publication': () => run.publishInfluencer(attemptOf(job)),
      'its failure': () => run.failJob({ ...attemptOf(job), error: failure }),
    };
    for (const [title, end] of Object.entries(ends)) {
      it(`${title}: it ends once, and as the caller was told`, async () => {
        for (let i = 0; i < 12; i++) {
          await anew();
          await dispatched(api.database, job);
          const [reply] = await Promise.all([cancel(), end()]);
          const now = await stored();
          assertEventsGapless(now);
          assert.equal(now.job.status === 'canceled', reply.status === 202);
        }
      });
    }

    it('others: all are accepted, and the job ends once', async () => {
      const replies = await Promise.all(Array.from({ length: 12 }, () => cancel()));
      assert.ok(replies.every(({ status }) => status === 202 || status === 200));
      assert.ok(replies.some(({ status }) => status === 202));
      await assertCanceled();
    });
  });

  it('answers a repeat under its Idempotency-Key as it did the first time', async () => {
    const headers = { 'Idempotency-Key': newId() };
    assertAccepted(await cancel(headers));
    const again = await cancel(headers);
    assertAccepted(again);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
  });
});
