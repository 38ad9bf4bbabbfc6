import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { RunningWorker } from '../../src/worker.ts';
import { call, createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { assertWhole, clone, createReady, untilStatus, type Caller } from '../support/flows.ts';
import { plainRenderer } from '../support/plain-renderer.ts';
import { startTestS3, type TestS3 } from '../support/s3-server.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { filesIn } from '../support/uploads.ts';
import { startTestWorker } from '../support/worker.ts';

describe('a clone whose images are kept on an S3 server', () => {
  let temporal: TestTemporal;
  let s3: TestS3;
  let api: TestApi;
  let worker: RunningWorker;
  let tenant: Tenant;
  let caller: Caller;
  before(async function () {
    this.timeout(temporalTimeoutMs);
    s3 = await startTestS3();
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: temporal.connect, storage: s3.settings });
    worker = await startTestWorker(api, temporal, {
      storage: s3.settings,
      renderers: { illustrated: plainRenderer() },
    });
    tenant = await createTenant(api.database);
    caller = { url: api.url, key: tenant.key };
  });
  after(async () => {
    await worker.close();
    await api.close();
    await temporal.close();
    await s3.close();
  });

  it('is rendered, and each image opens at its URL, with the bytes that its record names', async () => {
    const sourceId = await createReady(caller, tenant.projectId);
    const { body: accepted } = await clone(caller, sourceId, { name: 'Ava Chen (EU)' });
    await untilStatus(caller, `/v1/influencers/${String(accepted.influencerId)}`, 'ready');
    await assertWhole(api.database, [accepted.jobId as string], api.storage);

    const { body: influencer } = await call(`${api.url}/v1/influencers/${String(accepted.influencerId)}`, caller);
    assert.equal(influencer.referenceImages.length, 6);
    for (const { assetId, url, thumbnailUrl } of influencer.referenceImages) {
      assert.ok(String(url).startsWith(`${api.url}/files/`));
      const response = await fetch(url);
      assert.ok(response.redirected && response.url.startsWith(s3.settings.endpoint ?? ''));
      const bytes = Buffer.from(await response.arrayBuffer());
      const { body: asset } = await call(`${api.url}/v1/media/${String(assetId)}`, caller);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), asset.checksumSha256);
      assert.equal(response.headers.get('content-type'), asset.mimeType);
      assert.equal((await fetch(thumbnailUrl, { method: 'HEAD' })).status, 200);
    }
    assert.deepEqual(await filesIn(api.storageFolder), []);
  });
});
