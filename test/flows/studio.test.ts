import assert from 'node:assert/strict';
import { activityInfo } from '@temporalio/activity';
import { parseId } from '../../src/domain/ids.ts';
import { imageSize, shots } from '../../src/domain/shots.ts';
import { drawingFolder } from '../../src/storage/storage.ts';
import type { RunningWorker } from '../../src/worker.ts';
import { call, createTenant, startTestApi, testDrawerKey, type Tenant, type TestApi } from '../support/api.ts';
import { createInfluencer } from '../support/builders.ts';
import { externalDrawShot, startDrawer, type Order } from '../support/drawer.ts';
import { until } from '../support/eventually.ts';
import { assertWhole, clone, createReady, untilStatus, type Caller } from '../support/flows.ts';
import { gate } from '../support/gate.ts';
import { plainPicture } from '../support/plain-renderer.ts';
import { keysBelow } from '../support/stored-keys.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { startTestWorker } from '../support/worker.ts';

/** A colour for each shot of each person, so that no two pictures are the same. */
const colorOf = ({ seed, shot }: Order): string =>
  `#${seed.replaceAll('-', '').slice(-4)}${String(10 + shots.findIndex((one) => one === shot))}`;

describe('drawings by a program of its own', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let worker: RunningWorker;
  let tenant: Tenant;
  let caller: Caller;
  let drawer: { close: () => Promise<void> } | undefined;

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: temporal.connect, renderer: 'studio', drawerKeys: [testDrawerKey] });
    worker = await startTestWorker(api, temporal);
    tenant = await createTenant(api.database);
    caller = { url: api.url, key: tenant.key };
  });
  after(async () => {
    await worker.close();
    await api.close();
    await temporal.close();
  });
  afterEach(async () => {
    await drawer?.close();
    drawer = undefined;
  });

  type Paint = (order: Order, signal: AbortSignal) => Promise<Uint8Array> | Uint8Array;
  const plain: Paint = (order) => plainPicture(colorOf(order));
  const draw = async (paint: Paint = plain): Promise<void> => {
    drawer = await startDrawer({ connection: await temporal.native(), url: api.url, key: testDrawerKey, paint });
  };
  /** Draws by another activity than the one that keeps to the contract. */
  const drawAs = async (drawShot: ReturnType<typeof externalDrawShot>): Promise<void> => {
    const parts = { url: api.url, key: testDrawerKey, paint: plain };
    drawer = await startDrawer({ connection: await temporal.native(), ...parts }, { drawShot });
  };
  const honest = () => externalDrawShot({ url: api.url, key: testDrawerKey, paint: plain });

  const read = async (where: string) => (await call(`${api.url}${where}`, { key: tenant.key })).body;
  const objectsOf = (jobId: string) =>
    keysBelow(api.storage, drawingFolder({ organizationId: tenant.organizationId, jobId: parseId('job', jobId) }));

  it('make a clone whole, with six pictures that open and say who drew them', async () => {
    await draw();
    const sourceId = await createReady(caller, tenant.projectId);
    const { status, body: accepted } = await clone(caller, sourceId, { name: 'Clone', overrides: { vibe: 'dry' } });
    assert.equal(status, 202);
    const job = await untilStatus(caller, accepted.locationUrl as string, 'completed');
    assert.deepEqual([job.images.rendered, job.images.failed], [6, 0]);
    await assertWhole(api.database, [accepted.jobId as string], api.storage);

    const { referenceImages } = await read(`/v1/influencers/${String(accepted.influencerId)}`);
    assert.equal(referenceImages.length, shots.length);
    for (const { url, width, height } of referenceImages as { url: string; width: number; height: number }[]) {
      assert.deepEqual([width, height], [imageSize, imageSize]);
      const response = await fetch(url);
      assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'image/webp']);
    }
    const provenances = await api
      .database('assets')
      .where({ id: parseId('asset', referenceImages[0].assetId as string) })
      .select<{ provenance: Record<string, unknown> }[]>('provenance');
    const [{ provenance } = assert.fail()] = provenances;
    assert.deepEqual([provenance['renderer'], provenance['version']], ['studio', 'tests']);
  });

  it('are of the clone as it was asked for, and show its source', async () => {
    const orders: Order[] = [];
    await draw((order) => {
      orders.push(order);
      return plain(order, AbortSignal.abort());
    });
    const sourceId = await createReady(caller, tenant.projectId);
    orders.length = 0;
    const { body } = await clone(caller, sourceId, { name: 'Clone', overrides: { hairColor: 'copper' } });
    await untilStatus(caller, body.locationUrl as string, 'completed');
    assert.deepEqual(orders.map(({ shot }) => shot).sort(), [...shots].sort());
    for (const { identity, references, renderer } of orders) {
      assert.deepEqual([identity['hairColor'], renderer], ['copper', 'studio']);
      assert.ok(references.length >= 6, String(references.length));
    }
  });

  it('wait for their program, and are made when it comes', async () => {
    const { jobId } = await createInfluencer(api, tenant);
    await until('it is to be drawn', async () => (await read(`/v1/jobs/${jobId}`)).stage === 'rendering');
    await draw();
    await untilStatus(caller, `/v1/jobs/${jobId}`, 'completed');
    await assertWhole(api.database, [jobId], api.storage);
  });

  it('are tried again where they fail, and made once', async () => {
    let refused = 0;
    await draw((order) => {
      if (activityInfo().attempt > 1) return plain(order, AbortSignal.abort());
      refused++;
      throw new Error('the renderer fell over');
    });
    const { jobId } = await createInfluencer(api, tenant);
    await untilStatus(caller, `/v1/jobs/${jobId}`, 'completed');
    assert.equal(refused, shots.length);
    await assertWhole(api.database, [jobId], api.storage);
  });

  it('survive a program that dies in the middle; what it puts after the end stores nothing', async function () {
    this.timeout(60_000);
    const allowed = gate();
    const late: Promise<unknown>[] = [];
    const orders: Order[] = [];
    const drawShot = externalDrawShot({
      ...{ url: api.url, key: testDrawerKey },
      paint(order) {
        orders.push(order);
        return plain(order, AbortSignal.abort());
      },
    });
    await drawAs(async (drawing) => {
      if (drawing.shot !== 'portrait' || activityInfo().attempt > 1) return drawShot(drawing);
      // Without a sign of life, as one that was killed; and goes on when everything is over.
      const putting = allowed.opened.then(async () => {
        const [{ upload } = assert.fail()] = orders.filter(({ shot }) => shot === 'portrait');
        const body = (await plainPicture('#ff0000')) as Uint8Array<ArrayBuffer>;
        return (await fetch(upload.url, { method: 'PUT', body, headers: { 'Content-Type': 'image/webp' } })).status;
      });
      late.push(putting);
      await putting;
      throw new Error('this is heard by nobody');
    });
    try {
      const { jobId } = await createInfluencer(api, tenant);
      await untilStatus(caller, `/v1/jobs/${jobId}`, 'completed', 45_000);
      await assertWhole(api.database, [jobId], api.storage);
      const [job, objects] = [await read(`/v1/jobs/${jobId}`), await objectsOf(jobId)];
      assert.equal(objects.length, 2 * shots.length);
      allowed.open();
      assert.deepEqual(await Promise.all(late), [409]);
      assert.deepEqual(await objectsOf(jobId), objects);
      const assetIdsOf = (body: { images: { items: { assetId: string }[] } }) =>
        body.images.items.map(({ assetId }) => assetId);
      assert.deepEqual(assetIdsOf(await read(`/v1/jobs/${jobId}`)), assetIdsOf(job));
    } finally {
      allowed.open();
    }
  });

  it('stop within seconds when the job is canceled, and nothing of them is kept', async () => {
    let drawing = 0;
    let stopped = 0;
    await draw(
      (_, signal) =>
        new Promise((_resolve, reject) => {
          drawing++;
          signal.addEventListener('abort', () => {
            stopped++;
            reject(signal.reason as Error);
          });
        }),
    );
    const { jobId } = await createInfluencer(api, tenant);
    await until('all are being drawn', () => drawing === shots.length);
    await call(`${api.url}/v1/jobs/${jobId}/cancel`, { method: 'POST', key: tenant.key });
    await untilStatus(caller, `/v1/jobs/${jobId}`, 'canceled', 5_000);
    await until('all have stopped', () => stopped === shots.length);
    assert.deepEqual(await objectsOf(jobId), []);
  });

  it('fail at once where what is put is no such picture', async () => {
    let painted = 0;
    await draw(() => {
      painted++;
      return plainPicture('#123456', { width: 512, height: 512 });
    });
    const { jobId } = await createInfluencer(api, tenant);
    const job = await untilStatus(caller, `/v1/jobs/${jobId}`, 'failed');
    assert.deepEqual([job.error.code, painted], ['RENDER_FAILED', shots.length]);
    assert.deepEqual(await objectsOf(jobId), []);
  });

  it('fail at once where the program says that another one drew', async () => {
    const drawShot = honest();
    await drawAs(async (drawing) => {
      const { sha256, provenance } = await drawShot(drawing);
      return { sha256, provenance: { ...provenance, renderer: 'illustrated' } };
    });
    const { jobId } = await createInfluencer(api, tenant);
    const job = await untilStatus(caller, `/v1/jobs/${jobId}`, 'failed');
    assert.equal(job.error.code, 'RENDER_FAILED');
  });

  it('are not made for a test key', async () => {
    const test = await createTenant(api.database, { environment: 'test' });
    const { jobId } = await createInfluencer(api, test);
    await untilStatus({ url: api.url, key: test.key }, `/v1/jobs/${jobId}`, 'completed');
    const row = await api
      .database('jobs')
      .where({ id: parseId('job', jobId) })
      .first<{ renderer: string }>();
    assert.equal(row.renderer, 'illustrated');
  });

  it('leave ids alone in the workflow’s history, and neither token nor person', async () => {
    await draw();
    const { jobId } = await createInfluencer(api, tenant, { vibe: 'a vibe that nobody else has' });
    await untilStatus(caller, `/v1/jobs/${jobId}`, 'completed');
    const history = await temporal.client.workflow.getHandle(jobId).fetchHistory();
    const said = (history.events ?? []).flatMap(
      ({ activityTaskScheduledEventAttributes: scheduled, activityTaskCompletedEventAttributes: completed }) =>
        [...(scheduled?.input?.payloads ?? []), ...(completed?.result?.payloads ?? [])].map(({ data }) =>
          Buffer.from(data ?? []).toString(),
        ),
    );
    assert.equal(said.length, 2 * shots.length);
    const fields = said.map((text) => Object.keys(JSON.parse(text) as object).sort());
    assert.equal(fields.filter((names) => names.join() === 'attempt,jobId,shot').length, shots.length);
    assert.equal(fields.filter((names) => names.join() === 'provenance,sha256').length, shots.length);
    for (const text of said) assert.doesNotMatch(text, /token|nobody else has|http/);
  });
});
