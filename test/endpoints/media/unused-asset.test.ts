import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { v7 as newId } from 'uuid';
import { createStorageActivities } from '../../../activities/index.ts';
import { parseId } from '../../../src/domain/ids.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { activitiesWith, complete, quietEnvironment } from '../../support/activities.ts';
import { call, createTenant, silent, startTestApi, type Reply, type Tenant, type TestApi } from '../../support/api.ts';
import { until } from '../../support/eventually.ts';
import { plainRenderer } from '../../support/plain-renderer.ts';
import { brokenRulesOf } from '../../support/refusals.ts';
import { filesIn, finalize, plain, presign, put } from '../../support/uploads.ts';

describe('an asset that no influencer used for 30 days', () => {
  let api: TestApi;
  let tenant: Tenant;
  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
  });
  after(() => api.close());

  const removeUnused = () => {
    const storage = fileStorage(api.storageFolder);
    const { removeUnusedAssets } = createStorageActivities({ database: api.database, storage, log: silent });
    return quietEnvironment().run(removeUnusedAssets);
  };
  const daysPass = (days: number) =>
    api.database.raw('update assets set unused_since = unused_since - make_interval(days => ?)', [days]);
  const uploadPhoto = async () => {
    const presigned = await presign(api, tenant);
    await put(presigned, await plain().png().toBuffer());
    const { body } = await finalize(api, tenant, presigned.uploadId);
    return { uploadId: presigned.uploadId, assetId: body.assetId as string, url: body.url as string };
  };
  const read = (assetId: string) => call(`${api.url}/v1/media/${assetId}`, { key: tenant.key });
  const createWith = (assetId: string) =>
    call(`${api.url}/v1/projects/${tenant.projectId}/influencers`, {
      key: tenant.key,
      body: { name: 'Ava Chen', referenceImages: { assetIds: [assetId] } },
    });

  it('is gone: it cannot be read, used, or finalized again', async () => {
    const { uploadId, assetId, url } = await uploadPhoto();
    await removeUnused();
    await daysPass(29);
    assert.equal(await removeUnused(), 0);
    assert.equal((await read(assetId)).status, 200);
    await daysPass(2);
    assert.equal(await removeUnused(), 1);
    assert.equal((await read(assetId)).status, 404);
    const refused = await createWith(assetId);
    assert.deepEqual(brokenRulesOf(refused), [['body.referenceImages.assetIds', 'assetIds']]);
    assert.equal((await finalize(api, tenant, uploadId)).status, 404);
    assert.equal((await fetch(url)).status, 404);
    assert.deepEqual(await filesIn(api.storageFolder), []);
  });

  it('is gone from the result of a job too', async () => {
    const { assetId } = await uploadPhoto();
    const { jobId, influencerId } = (await createWith(assetId)).body;
    const { projectId, organizationId } = tenant;
    const job = {
      ...{ jobId: parseId('job', jobId), influencerId: parseId('influencer', influencerId), attempt: 1 },
      ...{ projectId: parseId('project', projectId), organizationId, sourceInfluencerId: null },
      ...({ kind: 'influencer_create', tier: 'internal', hasWaited: false } as const),
    };
    const steps = activitiesWith({
      ...{ database: api.database, storage: api.storage, renderers: { illustrated: plainRenderer() } },
      ...{ paidImages: { perJob: 24, perDay: 600 }, newId, log: silent },
    });
    await complete(steps, job);
    const readJob = () => call(`${api.url}/v1/jobs/${String(jobId)}`, { key: tenant.key });
    const imagesOf = ({ body }: Reply) =>
      (body.result.referenceImages as { assetId: string }[]).map((one) => one.assetId);
    const before = await readJob();
    assert.equal(imagesOf(before).includes(assetId), true);
    const set = `${api.url}/v1/influencers/${String(influencerId)}/reference-images`;
    assert.equal((await call(`${set}/${assetId}`, { method: 'DELETE', key: tenant.key })).status, 200);
    await removeUnused();
    await daysPass(31);
    assert.equal(await removeUnused(), 1);
    const left = imagesOf(before).filter((one) => one !== assetId);
    await until('it is gone', async () => isDeepStrictEqual(imagesOf(await readJob()), left));
  });

  it('lives when an influencer is created with it in the last moment', async () => {
    const { assetId } = await uploadPhoto();
    await removeUnused();
    await daysPass(31);
    assert.equal((await createWith(assetId)).status, 202);
    assert.equal(await removeUnused(), 0);
    assert.equal((await read(assetId)).status, 200);
  });
});
