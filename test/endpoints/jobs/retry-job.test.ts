import assert from 'node:assert/strict';
import type { Activities } from '../../../activities/index.ts';
import { queuedJobsLimits } from '../../../src/domain/scopes.ts';
import { shots } from '../../../src/domain/shots.ts';
import { attemptOf, beginDrawing, complete, drawAndRecord } from '../../support/activities.ts';
import { call, createTenant, startTestApi, type Reply, type Tenant, type TestApi } from '../../support/api.ts';
import { createInfluencer, type Created } from '../../support/builders.ts';
import { activitiesOf, dispatched, jobOf } from '../../support/caller-jobs.ts';
import { assertEventsGapless, storedOf, type TestJob } from '../../support/jobs.ts';
import { assertRefused } from '../../support/refusals.ts';

const failure = { code: 'RENDER_FAILED', message: '2 of 6 …', retryable: true, details: null } as const;

describe('POST /v1/jobs/:jobId/retry', () => {
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
  beforeEach(async () => {
    created = await createInfluencer(api, tenant, { vibe: 'warm' });
    job = jobOf(tenant, created);
  });

  const retry = (): Promise<Reply> =>
    call(`${api.url}/v1/jobs/${created.jobId}/retry`, { method: 'POST', key: tenant.key });
  const stored = () => storedOf(api.database, job);
  const row = () => api.database('jobs').where({ id: job.jobId }).first();

  /** Renders four of the six, and fails with the others. */
  const failWithFour = async () => {
    await dispatched(api.database, job);
    const all = await beginDrawing(run, job);
    for (const shot of all.slice(0, 4)) await drawAndRecord(run, job, shot);
    for (const shot of all.slice(4)) await run.failShot({ ...attemptOf(job), shot, code: 'RENDER_FAILED' });
    await run.failJob({ ...attemptOf(job), error: failure });
  };

  it('begins the next attempt of a job that failed: what is rendered stays, what failed is pending again', async () => {
    await failWithFour();
    const before = await stored();
    const reply = await retry();
    assert.equal(reply.status, 202);
    const { startedAt, ...body } = reply.body;
    assert.deepEqual(body, {
      jobId: created.jobId,
      kind: 'influencer_create',
      status: 'running',
      stage: 'queued',
      influencerId: created.influencerId,
      projectId: tenant.projectId,
      locationUrl: `/v1/jobs/${created.jobId}`,
    });
    assert.equal(reply.headers.get('location'), `/v1/jobs/${created.jobId}`);
    const now = await stored();
    assert.deepEqual(
      [now.job.status, now.job.stage, now.job.progress, now.job.attempt, now.job.error, now.job.dispatchedAt],
      ['running', 'queued', 0, 2, null, null],
    );
    assert.deepEqual([now.influencer.status, now.influencer.errorMessage], ['training', null]);
    assert.deepEqual(now.images, before.images);
    assert.deepEqual(now.shots.map(({ status }) => status).sort(), [
      ...Array.from({ length: 2 }, () => 'pending'),
      ...Array.from({ length: 4 }, () => 'rendered'),
    ]);
    assert.ok(now.shots.every(({ error }) => error === null));
    const { events } = now;
    assert.deepEqual([events.at(-1)?.type, events.at(-1)?.attempt], ['job.accepted', 2]);
    assertEventsGapless(now);
    const told = await call(`${api.url}/v1/jobs/${created.jobId}`, { key: tenant.key });
    assert.deepEqual(
      [told.body.attempt, told.body.startedAt, told.body.finishedAt, told.body.images.rendered],
      [2, startedAt, null, 4],
    );
  });

  it('draws the missing images alone, from the job’s own input', async () => {
    await failWithFour();
    await call(`${api.url}/v1/influencers/${created.influencerId}`, {
      method: 'PATCH',
      key: tenant.key,
      body: { vibe: 'cold' },
    });
    assert.equal((await retry()).status, 202);
    const second = { ...job, attempt: 2 };
    const plan = await run.copyReferenceMetadata(attemptOf(second));
    assert.deepEqual(plan, { waves: [shots.slice(4)], total: 6, renderer: 'illustrated', hasBegun: true });
    assert.equal((await row()).input.identity.vibe, 'warm');
    await complete(run, second);
    const now = await stored();
    assert.deepEqual([now.job.status, now.influencer.status, now.images.length], ['completed', 'ready', 6]);
    assertEventsGapless(now);
  });

  it('begins the next attempt of a job that was canceled, which may be canceled again', async () => {
    const cancel = () => call(`${api.url}/v1/jobs/${created.jobId}/cancel`, { method: 'POST', key: tenant.key });
    assert.equal((await cancel()).status, 202);
    assert.equal((await retry()).status, 202);
    await dispatched(api.database, job);
    const { cancel_requested_at: requestedAt, cancellation_undelivered: isUndelivered } = await row();
    assert.deepEqual([requestedAt, isUndelivered], [null, false]);
    assert.equal((await cancel()).status, 202);
    await run.cancelJob({ ...attemptOf(job), attempt: 1 });
    assert.equal((await stored()).job.status, 'running', 'a step of the first attempt ends nothing');
    await run.cancelJob({ ...attemptOf(job), attempt: 2 });
    assert.equal((await stored()).job.status, 'canceled');
  });

  it('refuses a job that runs, and one that has completed', async () => {
    assertRefused(await retry(), { status: 409, code: 'CONFLICT', message: 'The job still runs.' });
    await complete(run, job);
    const before = await stored();
    const message = 'The job has completed: nothing is missing.';
    assertRefused(await retry(), { status: 409, code: 'CONFLICT', message });
    assert.deepEqual(await stored(), before);
  });

  it('does not find the influencer of a job that was deleted', async () => {
    await failWithFour();
    const at = `${api.url}/v1/influencers/${created.influencerId}`;
    assert.equal((await call(at, { key: tenant.key, method: 'DELETE' })).status, 200);
    assertRefused(await retry(), { status: 404, code: 'NOT_FOUND', message: 'Influencer not found.' });
    assert.equal((await stored()).job.status, 'failed');
  });

  it('refuses more than may be queued', async () => {
    const other = await createTenant(api.database);
    const { organizationId } = other;
    await api.database('organizations').where({ id: organizationId }).update({ tier: 'standard' });
    created = await createInfluencer(api, other);
    job = jobOf(other, created);
    await run.failJob({ ...attemptOf(job), error: failure });
    await api.database.raw(
      `with influencer as (
         insert into influencers (organization_id, id, environment, project_id, job_id, name, identity, attributes, seed, status)
         select :organizationId, gen_random_uuid(), 'live', :projectId, :jobId, 'Queued', '{}', '{}', 's', 'pending'
         from generate_series(1, :count)
         returning id
       )
       insert into jobs (organization_id, id, environment, project_id, influencer_id, kind, renderer, shots, input, claimed_until)
       select :organizationId, gen_random_uuid(), 'live', :projectId, id, 'influencer_create', 'illustrated', '{portrait}', '{}',
              now() + interval '1 hour'
       from influencer`,
      { count: queuedJobsLimits.standard, organizationId, projectId: job.projectId, jobId: job.jobId },
    );
    const reply = await call(`${api.url}/v1/jobs/${created.jobId}/retry`, { method: 'POST', key: other.key });
    assertRefused(reply, {
      status: 429,
      code: 'RATE_LIMITED',
      message: '1000 jobs of this organization are queued already.',
      details: { limit: 'queued_jobs' },
    });
    assert.equal((await stored()).job.status, 'failed');
  });

  describe('at the same time as', () => {
    it('others: one is accepted, the others find a job that runs', async () => {
      await failWithFour();
      const replies = await Promise.all(Array.from({ length: 12 }, () => retry()));
      assert.deepEqual(replies.map(({ status }) => status).sort(), [202, ...Array.from({ length: 11 }, () => 409)]);
      const now = await stored();
      assert.equal(now.job.attempt, 2);
      assertEventsGapless(now);
    });

    it('the deletion of its influencer: nothing runs for one that is deleted', async () => {
      for (let i = 0; i < 12; i++) {
        created = await createInfluencer(api, tenant);
        job = jobOf(tenant, created);
        await run.failJob({ ...attemptOf(job), error: failure });
        const at = `${api.url}/v1/influencers/${created.influencerId}`;
        const [reply, deletion] = await Promise.all([retry(), call(at, { key: tenant.key, method: 'DELETE' })]);
        assert.equal(deletion.status, 200);
        assert.ok([202, 404].includes(reply.status), JSON.stringify(reply.body));
        const now = await stored();
        assert.deepEqual(
          [now.influencer.status, now.job.status],
          ['deleted', reply.status === 202 ? 'canceled' : 'failed'],
        );
        assertEventsGapless(now);
      }
    });
  });
});
