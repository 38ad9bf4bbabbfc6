import assert from 'node:assert/strict';
import type { Activities } from '../../../activities/index.ts';
import { shots } from '../../../src/domain/shots.ts';
import { attemptOf, beginDrawing } from '../../support/activities.ts';
import { call, createTenant, startTestApi, type Reply, type Tenant, type TestApi } from '../../support/api.ts';
import { createInfluencer } from '../../support/builders.ts';
import { activitiesOf, jobOf } from '../../support/caller-jobs.ts';
import { brokenRulesOf, withoutTrace } from '../../support/refusals.ts';

describe('X-Doppel-Simulate', () => {
  let api: TestApi;
  let tenant: Tenant;
  let run: Activities;

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database, { environment: 'test' });
    run = activitiesOf(api);
  });
  after(() => api.close());

  const create = (simulate: string, { projectId, key }: Tenant = tenant): Promise<Reply> =>
    call(`${api.url}/v1/projects/${projectId}/influencers`, {
      key,
      body: { name: 'Ava' },
      headers: { 'X-Doppel-Simulate': simulate },
    });
  const accepted = async (simulate: string) => {
    const reply = await create(simulate);
    assert.equal(reply.status, 202);
    return jobOf(tenant, reply.body);
  };
  const draw = (job: ReturnType<typeof jobOf>, shot: (typeof shots)[number]) =>
    run.drawShot({ ...attemptOf(job), shot });

  it('is refused with a live key, and nothing is stored', async () => {
    const live = await createTenant(api.database);
    const reply = await withoutTrace(api.database, () => create('reject', live));
    assert.equal(reply.status, 422);
    assert.deepEqual(brokenRulesOf(reply), [['header.X-Doppel-Simulate', 'environment']]);
  });

  it('is refused where it is none, and nothing is stored', async () => {
    for (const text of ['', 'fail', 'fail_shot=9']) {
      const reply = await withoutTrace(api.database, () => create(text));
      assert.equal(reply.status, 422);
      assert.deepEqual(brokenRulesOf(reply), [['header.X-Doppel-Simulate', 'simulation']]);
    }
  });

  it('fail_shot fails that shot for good, and no other', async () => {
    const job = await accepted('fail_shot=3');
    await beginDrawing(run, job);
    await assert.rejects(draw(job, 'profile'), { type: 'RENDER_FAILED', nonRetryable: true });
    await draw(job, 'portrait');
  });

  it('reject fails each shot as one that the renderer refuses', async () => {
    const job = await accepted('reject');
    await beginDrawing(run, job);
    for (const shot of shots) await assert.rejects(draw(job, shot), { type: 'CONTENT_REJECTED', nonRetryable: true });
  });

  it('retry_after has the first try of a shot tried again in so many seconds', async () => {
    const job = await accepted('retry_after=5');
    await beginDrawing(run, job);
    await assert.rejects(draw(job, 'portrait'), {
      type: 'RATE_LIMITED',
      nonRetryable: false,
      nextRetryDelay: '5 seconds',
    });
  });

  it('delay_ms holds the drawings up, in the workflow and not in a worker', async () => {
    const job = await accepted('delay_ms=2000');
    const plan = await run.copyReferenceMetadata(attemptOf(job));
    assert.equal(plan?.delayMs, 2_000);
  });

  it('is of clones as well, whose source it leaves alone', async () => {
    const source = await createInfluencer(api, tenant);
    const { status, body } = await call(`${api.url}/v1/influencers/${source.influencerId}/clone`, {
      key: tenant.key,
      body: { name: 'Clone' },
      headers: { 'X-Doppel-Simulate': 'reject' },
    });
    assert.equal(status, 202);
    const job = jobOf(tenant, body);
    await beginDrawing(run, job);
    await assert.rejects(draw(job, 'portrait'), { type: 'CONTENT_REJECTED' });
    const other = jobOf(tenant, source);
    await beginDrawing(run, other);
    await draw(other, 'portrait');
  });

  it('is of the first attempt alone: a retry goes well', async () => {
    const job = await accepted('reject,delay_ms=2000,retry_after=5');
    await beginDrawing(run, job);
    await run.cancelJob(attemptOf(job));
    const jobId = (await call(`${api.url}/v1/jobs?limit=1`, { key: tenant.key })).body.items[0].jobId as string;
    const { status } = await call(`${api.url}/v1/jobs/${jobId}/retry`, { method: 'POST', key: tenant.key });
    assert.equal(status, 202);
    const again = { ...job, attempt: 2 };
    const plan = await run.copyReferenceMetadata(attemptOf(again));
    assert.equal(plan?.delayMs, undefined);
    await draw(again, 'portrait');
  });
});
