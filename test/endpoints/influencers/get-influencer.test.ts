import assert from 'node:assert/strict';
import { formatId, parseId } from '../../../src/domain/ids.ts';
import { call, createTenant, startTestApi, type Reply, type Tenant, type TestApi } from '../../support/api.ts';
import { addImage, createInfluencer, setStatus, spellingsOf } from '../../support/builders.ts';
import { assertRefused, brokenRulesOf } from '../../support/refusals.ts';

describe('GET /v1/influencers/:influencerId', () => {
  let api: TestApi;
  let tenant: Tenant;
  let influencerId: string;

  const read = (id = influencerId, headers: Record<string, string> = {}): Promise<Reply> =>
    call(`${api.url}/v1/influencers/${id}`, { key: tenant.key, headers });

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
  });
  after(() => api.close());
  beforeEach(async () => {
    ({ influencerId } = await createInfluencer(api, tenant, { vibe: 'warm' }));
  });

  it('answers to every spelling of the id with the same record', async () => {
    const { body } = await read();
    for (const spelling of Object.values(spellingsOf('influencer', parseId('influencer', influencerId)))) {
      assert.deepEqual((await read(spelling)).body, body);
    }
  });

  it('shows uploaded images first, then rendered ones in the order of the shots, and the first one’s thumbnail', async () => {
    const profile = await addImage(api.database, influencerId, { shot: 'profile', position: 2 });
    const portrait = await addImage(api.database, influencerId, { shot: 'portrait', position: 0 });
    const uploaded = await addImage(api.database, influencerId, { role: 'uploaded', position: 5 });
    await addImage(api.database, influencerId, { role: 'starting', shot: 'portrait', position: 0 });
    const { body } = await read();
    const images = body.referenceImages as { assetId: string; shot: string | null; origin: string }[];
    assert.deepEqual(
      images.map(({ assetId, shot, origin }) => [assetId, shot, origin]),
      [
        [formatId('asset', uploaded), null, 'uploaded'],
        [formatId('asset', portrait), 'portrait', 'rendered'],
        [formatId('asset', profile), 'profile', 'rendered'],
      ],
    );
    assert.equal(body.thumbnailUrl, body.referenceImages[0].thumbnailUrl);
  });

  it('keeps the starting set of a clone in its attributes, with where each image came from', async () => {
    const clone = await call(`${api.url}/v1/influencers/${influencerId}/clone`, {
      key: tenant.key,
      body: { name: 'Clone' },
    });
    const cloneId = clone.body.influencerId as string;
    const addedAt = '2026-02-03T04:05:06.789Z';
    const photo = await addImage(api.database, cloneId, { role: 'starting', shot: null, position: 0, addedAt });
    const portrait = await addImage(api.database, cloneId, {
      role: 'starting',
      shot: 'portrait',
      position: 1,
      addedAt,
    });
    const { body } = await read(cloneId);
    const images = body.attributes.referenceImages as Record<string, unknown>[];
    assert.deepEqual(
      images.map(({ assetId, origin, shot, addedAt }) => ({ assetId, origin, shot, addedAt })),
      [
        { assetId: formatId('asset', photo), origin: 'uploaded', shot: null, addedAt },
        { assetId: formatId('asset', portrait), origin: 'rendered', shot: 'portrait', addedAt },
      ],
    );
    assert.deepEqual(body.referenceImages, []);
  });

  it('signs image URLs so that they stay the same within an hour and stay open for one', async () => {
    await addImage(api.database, influencerId);
    const now = Date.now();
    const [first, second] = [await read(), await read()];
    assert.deepEqual(first.body.referenceImages, second.body.referenceImages);
    const url = new URL(first.body.referenceImages[0].url as string);
    const opensForMs = Number(url.searchParams.get('expires')) * 1000 - now;
    assert.ok(opensForMs > 3_595_000 && opensForMs <= 7_205_000, String(opensForMs));
    assert.equal(url.origin, api.url);
  });

  it('shows why it failed', async () => {
    await setStatus(api.database, influencerId, 'failed');
    const { body } = await read();
    assert.deepEqual([body.status, body.errorMessage], ['failed', 'could not be drawn']);
  });

  describe('with If-None-Match', () => {
    it('answers 304 without a body to whoever has this version, also behind Cache-Control: no-cache', async () => {
      const { headers } = await read();
      const etag = headers.get('etag') ?? '';
      assert.match(etag, /^"[1-9]\d*-\d+"$/);
      for (const held of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        for (const more of [{}, { 'Cache-Control': 'no-cache' }]) {
          const reply = await read(influencerId, { 'If-None-Match': held, ...more });
          assert.deepEqual([reply.status, reply.body], [304, undefined], held);
          assert.equal(reply.headers.get('etag'), etag);
          assert.equal(reply.headers.get('content-type'), null);
        }
      }
    });

    it('answers the record to whoever has another version', async () => {
      const { headers, body } = await read();
      const etag = headers.get('etag') ?? '';
      for (const held of ['"1-1"', etag.replaceAll('"', ''), `${etag.slice(0, -1)}0"`, '']) {
        const reply = await read(influencerId, { 'If-None-Match': held });
        assert.deepEqual([reply.status, reply.body], [200, body], held);
      }
    });

    it('answers the record once it has changed', async () => {
      const { headers } = await read();
      const id = parseId('influencer', influencerId);
      await api.database('influencers').where({ id }).increment('version', 1).update({ status: 'training' });
      const reply = await read(influencerId, { 'If-None-Match': headers.get('etag') ?? '' });
      assert.deepEqual([reply.status, reply.body.status], [200, 'training']);
      assert.notEqual(reply.headers.get('etag'), headers.get('etag'));
    });
  });

  it('lets nobody keep a record without asking again', async () => {
    assert.equal((await read()).headers.get('cache-control'), 'private, no-cache');
  });

  it('answers HEAD like GET, without the body', async () => {
    const get = await read();
    const head = await call(`${api.url}/v1/influencers/${influencerId}`, { key: tenant.key, method: 'HEAD' });
    assert.deepEqual([head.status, head.body, head.headers.get('etag')], [200, undefined, get.headers.get('etag')]);
    assert.equal(head.headers.get('content-length'), get.headers.get('content-length'));
  });

  it('refuses a deleted influencer', async () => {
    const { headers } = await read();
    await setStatus(api.database, influencerId, 'deleted');
    for (const held of ['*', headers.get('etag') ?? '']) {
      assertRefused(await read(influencerId, { 'If-None-Match': held }), {
        status: 404,
        code: 'NOT_FOUND',
        message: 'Influencer not found.',
      });
    }
  });

  it('refuses a malformed id', async () => {
    const reply = await read('inf_1');
    assert.equal(reply.status, 422);
    assert.deepEqual(brokenRulesOf(reply), [['path.influencerId', 'pattern']]);
  });
});
