import assert from 'node:assert/strict';
import sharp from 'sharp';
import type { AiConfig } from '../../src/config.ts';
import { parseId } from '../../src/domain/ids.ts';
import type { RunningWorker } from '../../src/worker.ts';
import { call, createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { eventually, until } from '../support/eventually.ts';
import { clone, createReady, person, untilStatus, type Caller } from '../support/flows.ts';
import { startFakeProvider, type FakeProvider } from '../support/image-providers/fake-provider.ts';
import { google } from '../support/image-providers/google.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { startTestWorker } from '../support/worker.ts';

describe('photographs by an image model', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let tenant: Tenant;
  let caller: Caller;
  let fake: FakeProvider;
  let worker: RunningWorker;
  let photograph: Buffer;

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: temporal.connect, renderer: 'ai' });
    photograph = await sharp({ create: { width: 1024, height: 1024, channels: 3, background: 'tan' } })
      .png()
      .toBuffer();
  });
  after(async () => {
    await api.close();
    await temporal.close();
  });
  beforeEach(async () => {
    tenant = await createTenant(api.database);
    caller = { url: api.url, key: tenant.key };
    fake = await startFakeProvider(google);
    fake.picture = photograph;
    worker = await work();
  });
  afterEach(async () => {
    await worker.close();
    await fake.close();
    assert.deepEqual(fake.faults, []);
  });

  const work = (limits: Partial<AiConfig> = {}): Promise<RunningWorker> =>
    startTestWorker(api, temporal, {
      ai: {
        provider: 'google',
        model: google.model,
        apiKey: fake.apiKey,
        baseUrl: fake.baseUrl,
        concurrency: 6,
        imagesPerMinute: 60_000,
        imagesPerJob: 24,
        imagesPerDay: 600,
        ...limits,
      },
    });

  const create = async (): Promise<string> => {
    const { body } = await call(`${api.url}/v1/projects/${tenant.projectId}/influencers`, {
      key: tenant.key,
      body: person,
    });
    return body.locationUrl as string;
  };
  const referencesOf = (orders: FakeProvider['orders']) => orders.map(({ references }) => references.length);

  it('are made of an anchor first, which the other five are given', async () => {
    const influencerId = await createReady(caller, tenant.projectId);
    assert.deepEqual(referencesOf(fake.orders), [0, 1, 1, 1, 1, 1]);
    assert.equal(new Set(fake.orders.map(({ seed }) => seed)).size, 1, 'one person has one seed');
    const { body } = await call(`${api.url}/v1/influencers/${influencerId}`, { key: tenant.key });
    const images = body.referenceImages as { url: string; assetId: string }[];
    assert.equal(images.length, 6);
    const [first = assert.fail()] = images;
    const bytes = Buffer.from(await (await fetch(first.url)).arrayBuffer());
    const { format, width, height, xmp } = await sharp(bytes).metadata();
    assert.deepEqual([format, width, height], ['webp', 1024, 1024]);
    assert.match(String(xmp), /digitalsourcetype\/trainedAlgorithmicMedia/);
    const asset = await api
      .database('assets')
      .where({ id: parseId('asset', first.assetId) })
      .first<{
        provenance: Record<string, unknown>;
      }>();
    const { renderer, model, jobId, promptSha256 } = asset.provenance;
    assert.deepEqual([renderer, model], ['ai', `google/${google.model}`]);
    assert.equal(jobId, parseId('job', body.jobId as string));
    assert.match(String(promptSha256), /^[0-9a-f]{64}$/);
  });

  it('of a clone are given its source’s too, as many as the model takes', async () => {
    const source = await createReady(caller, tenant.projectId);
    const made = fake.orders.length;
    const { body } = await clone(caller, source, { name: 'Clone', overrides: { hairColor: 'copper' } });
    await untilStatus(caller, body.locationUrl as string, 'completed');
    const orders = fake.orders.slice(made);
    assert.deepEqual(referencesOf(orders), [3, 3, 3, 3, 3, 3]);
    for (const { prompt } of orders) assert.match(prompt, /"copper"/);
    assert.equal(orders[0]?.seed, fake.orders[0]?.seed, 'a clone has its source’s seed');
  });

  it('fail at once when the provider refuses the key: the operator reads why, the caller that it failed', async () => {
    fake.refuse('badKey');
    const job = await untilStatus(caller, await create(), 'failed');
    assert.equal(fake.orders.length, 6, 'each shot was asked for once');
    const told = JSON.stringify(job);
    assert.doesNotMatch(told, /google|API_KEY|key/i);
    assert.equal((job.error as { code: string }).code, 'RENDER_FAILED');
    const history = await temporal.client.workflow.getHandle(job.jobId as string).fetchHistory();
    assert.match(JSON.stringify(history), /check GOOGLE_GENERATIVE_AI_API_KEY/);
    assert.doesNotMatch(JSON.stringify(history), new RegExp(fake.apiKey));
  });

  it('are asked for again when the provider says so, and the job tells that it waits', async () => {
    fake.refuse('busy', { 'Retry-After': '3' });
    const url = await create();
    await until('the job tells it', async () => {
      const { waiting } = (await call(`${api.url}${url}`, { key: tenant.key })).body;
      return (waiting as { reason: string } | null)?.reason === 'rate_limited';
    });
    fake.recover();
    const job = await untilStatus(caller, url, 'completed');
    assert.equal((job.images as { rendered: number }).rendered, 6);
    assert.deepEqual(referencesOf(fake.orders).slice(-6), [0, 1, 1, 1, 1, 1]);
  });

  it('that the provider will not draw end the job with CONTENT_REJECTED', async () => {
    fake.refuse('refusedOutput');
    const job = await untilStatus(caller, await create(), 'failed');
    assert.equal((job.error as { code: string }).code, 'CONTENT_REJECTED');
    assert.equal(fake.orders.length, 6);
  });

  it('take the next shot for the anchor when the first cannot be used', async () => {
    fake.picture = await sharp(photograph).resize(512, 512).toBuffer();
    const url = await create();
    await eventually('the anchor was tried three times', () => (fake.orders.length >= 3 ? true : undefined));
    fake.picture = photograph;
    const job = await untilStatus(caller, url, 'failed');
    const { rendered, failed } = job.images as { rendered: number; failed: number };
    assert.deepEqual([rendered, failed], [5, 1]);
    assert.deepEqual(referencesOf(fake.orders), [0, 0, 0, 0, 1, 1, 1, 1]);
  });

  it('are no more than a job may have', async () => {
    await worker.close();
    worker = await work({ imagesPerJob: 3 });
    const job = await untilStatus(caller, await create(), 'failed');
    assert.equal(fake.orders.length, 3);
    const items = (job.images as { items: { status: string; error: { code: string } | null }[] }).items;
    assert.deepEqual(
      items.filter(({ status }) => status === 'failed').map(({ error }) => error?.code),
      ['RATE_LIMITED', 'RATE_LIMITED', 'RATE_LIMITED'],
    );
  });

  it('are given up within seconds when the job is canceled', async () => {
    fake.say('order', 'silence');
    const url = await create();
    await eventually('it is being drawn', () => (fake.orders.length > 0 ? true : undefined));
    await call(`${api.url}${url}/cancel`, { method: 'POST', key: tenant.key });
    await untilStatus(caller, url, 'canceled');
  });

  it('are not made for a test key', async () => {
    const { key, projectId } = await createTenant(api.database, { environment: 'test' });
    await createReady({ url: api.url, key }, projectId);
    assert.deepEqual(fake.orders, []);
  });
});
