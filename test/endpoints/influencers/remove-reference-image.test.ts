import assert from 'node:assert/strict';
import { formatId, parseId } from '../../../src/domain/ids.ts';
import { v7 as newId } from 'uuid';
import { complete } from '../../support/activities.ts';
import { call, createTenant, startTestApi, type Reply, type Tenant, type TestApi } from '../../support/api.ts';
import { addImage, createInfluencer, setStatus, spellingsOf, unknownId } from '../../support/builders.ts';
import { activitiesOf } from '../../support/caller-jobs.ts';
import { assertRefused } from '../../support/refusals.ts';

const notFound = { status: 404, code: 'NOT_FOUND', message: 'Reference image not found.' } as const;

describe('DELETE /v1/influencers/:influencerId/reference-images/:assetId', () => {
  let api: TestApi;
  let tenant: Tenant;
  let influencerId: string;
  let jobId: string;

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
  });
  after(() => api.close());
  beforeEach(async () => {
    ({ influencerId, jobId } = await createInfluencer(api, tenant));
  });

  const remove = (assetId: string, headers: Record<string, string> = {}, id = influencerId): Promise<Reply> =>
    call(`${api.url}/v1/influencers/${id}/reference-images/${assetId}`, { method: 'DELETE', key: tenant.key, headers });
  const read = (path = `/v1/influencers/${influencerId}`): Promise<Reply> =>
    call(`${api.url}${path}`, { key: tenant.key });
  const image = async (of: Parameters<typeof addImage>[2]) =>
    formatId('asset', await addImage(api.database, influencerId, of));
  const idsOf = (reply: Reply) => (reply.body.referenceImages as { assetId: string }[]).map(({ assetId }) => assetId);
  const versionOf = (reply: Reply) => Number(/^"(\d+)-/.exec(reply.headers.get('etag') ?? '')?.[1]);

  it('takes an uploaded and a rendered image out of the set, and answers the rest', async () => {
    const [portrait, photo, profile] = [
      await image({ shot: 'portrait' }),
      await image({ role: 'uploaded', position: 1 }),
      await image({ shot: 'profile', position: 2 }),
    ];
    const before = await read();
    const reply = await remove(photo);
    assert.equal(reply.status, 200);
    assert.deepEqual(idsOf(reply), [portrait, profile]);
    assert.deepEqual(idsOf(await remove(portrait)), [profile]);
    const after = await read();
    assert.deepEqual([idsOf(after), versionOf(after)], [[profile], versionOf(before) + 2]);
    const assets = await api.database('assets').where({ id: parseId('asset', photo) });
    assert.equal(assets.length, 1, 'the asset stays');
  });

  it('takes every spelling of the id', async () => {
    for (const spell of Object.keys(spellingsOf('asset', newId()))) {
      const uuid = parseId('asset', await image({ role: 'uploaded' }));
      const spelling = spellingsOf('asset', uuid)[spell] ?? assert.fail();
      assert.equal((await remove(spelling)).status, 200, spell);
    }
  });

  it('leaves what a job made, and clones, as they are', async () => {
    const run = activitiesOf(api);
    const attempt = { jobId: parseId('job', jobId), attempt: 1 };
    await complete(run, attempt as Parameters<typeof complete>[1]);
    const clone = await call(`${api.url}/v1/influencers/${influencerId}/clone`, {
      key: tenant.key,
      body: { name: 'Clone' },
    });
    await run.copyReferenceMetadata({ jobId: parseId('job', clone.body.jobId), attempt: 1 });
    const told = await read(`/v1/jobs/${jobId}`);
    const cloned = await read(`/v1/influencers/${String(clone.body.influencerId)}`);
    assert.equal(cloned.body.attributes.referenceImages.length, 6);
    const [first = ''] = idsOf(await read());
    await remove(first);
    assert.equal(idsOf(await read()).length, 5);
    const after = await read(`/v1/jobs/${jobId}`);
    assert.deepEqual([after.body, after.headers.get('etag')], [told.body, told.headers.get('etag')]);
    assert.equal(after.body.result.referenceImages.length, 6);
    assert.deepEqual((await read(`/v1/influencers/${String(clone.body.influencerId)}`)).body, cloned.body);
  });

  it('can be undone: the asset comes back as an uploaded image', async () => {
    const portrait = await image({ shot: 'portrait' });
    await remove(portrait);
    const { body } = await call(`${api.url}/v1/influencers/${influencerId}/reference-images`, {
      key: tenant.key,
      body: { assetIds: [portrait] },
    });
    assert.deepEqual(
      body.referenceImages.map(({ assetId, origin }: { assetId: string; origin: string }) => [assetId, origin]),
      [[portrait, 'uploaded']],
    );
  });

  it('is done once by many at once', async () => {
    const photo = await image({ role: 'uploaded' });
    const before = versionOf(await read());
    const replies = await Promise.all(Array.from({ length: 8 }, () => remove(photo)));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, ...Array.from({ length: 7 }, () => 404)]);
    assert.equal(versionOf(await read()), before + 1);
  });

  it('answers a repeat under one Idempotency-Key as it answered first', async () => {
    const photo = await image({ role: 'uploaded' });
    const headers = { 'Idempotency-Key': 'remove-1' };
    const first = await remove(photo, headers);
    const repeat = await remove(photo, headers);
    assert.deepEqual([repeat.status, repeat.body], [200, first.body]);
    assertRefused(await remove(photo), notFound);
  });

  describe('refuses', () => {
    it('what is not in the set, and changes nothing', async () => {
      const starting = await image({ role: 'starting' });
      const other = await createInfluencer(api, tenant);
      const others = formatId('asset', await addImage(api.database, other.influencerId));
      const before = await read();
      for (const assetId of [unknownId('asset'), starting, others]) assertRefused(await remove(assetId), notFound);
      assert.deepEqual((await read()).body, before.body);
    });

    it('an influencer that never was, and one that is deleted', async () => {
      const refusal = { status: 404, code: 'NOT_FOUND', message: 'Influencer not found.' } as const;
      const photo = await image({ role: 'uploaded' });
      assertRefused(await remove(photo, {}, unknownId('influencer')), refusal);
      await setStatus(api.database, influencerId, 'deleted');
      assertRefused(await remove(photo), refusal);
    });
  });
});
