import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { v7 as newId } from 'uuid';
import { touchWorker } from '../../../src/db/workers.ts';
import { formatId, parseId } from '../../../src/domain/ids.ts';
import { shots } from '../../../src/domain/shots.ts';
import { call, createTenant, startTestApi, type Reply, type Tenant, type TestApi } from '../../support/api.ts';
import { addImage, createInfluencer, insertAsset, spellingsOf } from '../../support/builders.ts';
import { eventually } from '../../support/eventually.ts';
import { brokenRulesOf } from '../../support/refusals.ts';

describe('GET /v1/jobs/:jobId, with Temporal away', () => {
  let api: TestApi;
  let tenant: Tenant;
  let influencerId: string;
  let jobId: string;

  const read = (id = jobId, headers: Record<string, string> = {}): Promise<Reply> =>
    call(`${api.url}/v1/jobs/${id}`, { key: tenant.key, headers });
  const change = (columns: Record<string, unknown>) =>
    api
      .database('jobs')
      .where({ id: parseId('job', jobId) })
      .update(columns);
  const insertShot = (row: { shot: string; status: string; asset_id?: string; error?: unknown }) =>
    api.database('job_shots').insert({
      organization_id: tenant.organizationId,
      job_id: parseId('job', jobId),
      ...row,
    });

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
  });
  after(() => api.close());
  beforeEach(async () => {
    await api.database('workers').delete();
    ({ influencerId, jobId } = await createInfluencer(api, tenant));
  });

  it('tells a job that was just accepted', async () => {
    const { status, body } = await read();
    assert.equal(status, 200);
    const { startedAt, updatedAt, waiting, ...rest } = body;
    assert.equal(updatedAt, startedAt);
    assert.deepEqual(waiting, { reason: 'no_worker', since: startedAt });
    assert.deepEqual(rest, {
      jobId,
      kind: 'influencer_create',
      status: 'running',
      stage: 'queued',
      progress: 0,
      attempt: 1,
      influencerId,
      projectId: tenant.projectId,
      locationUrl: `/v1/jobs/${jobId}`,
      finishedAt: null,
      images: {
        total: 6,
        rendered: 0,
        failed: 0,
        items: shots.map((shot) => ({
          shot,
          status: 'pending',
          assetId: null,
          url: null,
          thumbnailUrl: null,
          error: null,
        })),
      },
      eta: null,
      result: null,
      error: null,
    });
  });

  it('answers to every spelling of the id', async () => {
    for (const spelling of Object.values(spellingsOf('job', parseId('job', jobId)))) {
      assert.equal((await read(spelling)).body.jobId, jobId);
    }
  });

  it('shows each image as soon as it is rendered, and why one is not', async () => {
    await change({ stage: 'rendering', progress: 0.35 });
    const assetId = await insertAsset(api.database, tenant.projectId);
    await insertShot({ shot: 'profile', status: 'rendered', asset_id: assetId });
    await insertShot({ shot: 'smiling', status: 'rendering' });
    await insertShot({ shot: 'portrait', status: 'failed', error: { code: 'RENDER_FAILED', message: 'no pencil' } });
    const { body } = await read();
    const { items, ...counts } = body.images;
    assert.deepEqual(counts, { total: 6, rendered: 1, failed: 1 });
    assert.deepEqual(
      items.map((item: { shot: string; status: string }) => [item.shot, item.status]),
      [
        ['portrait', 'failed'],
        ['three_quarter', 'pending'],
        ['profile', 'rendered'],
        ['smiling', 'rendering'],
        ['half_length', 'pending'],
        ['full_length', 'pending'],
      ],
    );
    assert.deepEqual(items[0].error, { code: 'RENDER_FAILED', message: 'no pencil' });
    assert.equal(items[2].assetId, formatId('asset', assetId));
    assert.ok(items[2].url.startsWith(`${api.url}/files/`) && items[2].thumbnailUrl.startsWith(`${api.url}/files/`));
  });

  it('tells the result of a completed job, and that it waits for nothing', async () => {
    const assetId = await addImage(api.database, influencerId);
    await change({ status: 'completed', stage: null, progress: 1, finished_at: new Date(), dispatched_at: new Date() });
    const { body } = await read();
    const { body: influencer } = await call(`${api.url}/v1/influencers/${influencerId}`, { key: tenant.key });
    assert.deepEqual(body.result, { influencerId, referenceImages: influencer.referenceImages });
    assert.equal(body.result.referenceImages[0].assetId, formatId('asset', assetId));
    assert.deepEqual(
      [body.status, body.stage, body.progress, body.waiting, body.eta, body.error],
      ['completed', null, 1, null, null, null],
    );
    assert.notEqual(body.finishedAt, null);
  });

  it('tells why a job failed', async () => {
    const error = {
      code: 'RENDER_FAILED',
      message: '1 of 6 images …',
      retryable: true,
      details: { shots: ['profile'] },
    };
    await change({ status: 'failed', stage: null, finished_at: new Date(), error });
    const { body } = await read();
    assert.deepEqual([body.error, body.result, body.waiting], [error, null, null]);
  });

  describe('says why nothing moves', () => {
    it('no_worker, since the last one was seen', async () => {
      const seenAt = new Date(Date.now() - 60_000);
      await api.database('workers').insert({ id: newId(), seen_at: seenAt });
      assert.deepEqual((await read()).body.waiting, { reason: 'no_worker', since: seenAt.toISOString() });
    });

    it('queued, while a worker lives and the workflow has not been started', async () => {
      await touchWorker(api.database, newId());
      const { body } = await read();
      assert.deepEqual(body.waiting, { reason: 'queued', since: body.startedAt });
    });

    it('queued, since the attempt was accepted, also where it was begun before', async () => {
      await touchWorker(api.database, newId());
      const attemptAt = new Date(Date.now() - 60_000);
      await change({ attempt: 2, started_at: new Date(0), attempt_at: attemptAt });
      assert.deepEqual((await read()).body.waiting, { reason: 'queued', since: attemptAt.toISOString() });
      // Put back by the reconciler.
      await change({ stage: 'rendering', progress: 0.5 });
      assert.deepEqual((await read()).body.waiting, { reason: 'queued', since: attemptAt.toISOString() });
    });

    it('engine_unavailable, when Temporal is to be asked: at once, and with the rest of the job', async () => {
      await touchWorker(api.database, newId());
      await change({ dispatched_at: new Date(), stage: 'rendering', progress: 0.2, rendering_at: new Date() });
      const startedAt = performance.now();
      const replies = await Promise.all(Array.from({ length: 30 }, () => read()));
      assert.ok(performance.now() - startedAt < 3_000, 'it took as long as a caller would not wait');
      for (const { status, body } of replies) {
        assert.deepEqual([status, body.stage, body.progress, body.eta], [200, 'rendering', 0.2, null]);
        assert.equal(body.waiting?.reason, 'engine_unavailable');
      }
    });
  });

  describe('with If-None-Match', () => {
    it('answers 304 until the next event of the job', async () => {
      const { headers } = await read();
      const etag = headers.get('etag') ?? '';
      assert.match(etag, /^"1-\d+"$/);
      for (const more of [{}, { 'Cache-Control': 'no-cache' }]) {
        const same = await read(jobId, { 'If-None-Match': etag, ...more });
        assert.deepEqual([same.status, same.body, same.headers.get('etag')], [304, undefined, etag]);
      }
      await change({ last_seq: 2, stage: 'copying_references', progress: 0.02 });
      const next = await read(jobId, { 'If-None-Match': etag });
      assert.deepEqual([next.status, next.body.stage], [200, 'copying_references']);
      assert.match(next.headers.get('etag') ?? '', /^"2-\d+"$/);
    });

    it('does not count what it waits for as a change', async () => {
      const { headers, body } = await read();
      await touchWorker(api.database, newId());
      const later = await eventually('another reason to wait', async () => {
        const reply = await read();
        return isDeepStrictEqual(reply.body.waiting, body.waiting) ? undefined : reply;
      });
      assert.equal(later.headers.get('etag'), headers.get('etag'));
    });
  });

  it('goes on telling a job whose influencer has been deleted', async () => {
    await api
      .database('influencers')
      .where({ id: parseId('influencer', influencerId) })
      .update({ status: 'deleted', deleted_at: new Date() });
    assert.equal((await read()).status, 200);
  });

  it('refuses a malformed id', async () => {
    const reply = await read('job_1');
    assert.equal(reply.status, 422);
    assert.deepEqual(brokenRulesOf(reply), [['path.jobId', 'pattern']]);
  });
});
