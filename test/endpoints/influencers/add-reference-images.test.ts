import assert from 'node:assert/strict';
import { formatId, parseId } from '../../../src/domain/ids.ts';
import { listLimits } from '../../../src/domain/influencer.ts';
import {
  call,
  createTenant,
  createTestProject,
  startTestApi,
  type Reply,
  type Tenant,
  type TestApi,
} from '../../support/api.ts';
import { addImage, createInfluencer, insertAsset, setStatus, spellingsOf, unknownId } from '../../support/builders.ts';
import { until } from '../../support/eventually.ts';
import { assertRefused, brokenRulesOf } from '../../support/refusals.ts';

interface Image {
  assetId: string;
  origin: string;
  shot: string | null;
}

describe('POST /v1/influencers/:influencerId/reference-images', () => {
  let api: TestApi;
  let tenant: Tenant;
  let influencerId: string;

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
  });
  after(() => api.close());
  beforeEach(async () => {
    ({ influencerId } = await createInfluencer(api, tenant));
  });

  const add = (assetIds: unknown, headers: Record<string, string> = {}, id = influencerId): Promise<Reply> =>
    call(`${api.url}/v1/influencers/${id}/reference-images`, { key: tenant.key, body: { assetIds }, headers });
  const read = (): Promise<Reply> => call(`${api.url}/v1/influencers/${influencerId}`, { key: tenant.key });
  const asset = async (projectId = tenant.projectId) => formatId('asset', await insertAsset(api.database, projectId));
  const assets = (count: number) => Promise.all(Array.from({ length: count }, () => asset()));
  const idsOf = (reply: Reply) => (reply.body.referenceImages as Image[]).map(({ assetId }) => assetId);
  const versionOf = (reply: Reply) => Number(/^"(\d+)-/.exec(reply.headers.get('etag') ?? '')?.[1]);

  it('adds assets in their order behind the uploaded ones, before the rendered ones, and answers the whole set', async () => {
    const portrait = formatId('asset', await addImage(api.database, influencerId, { shot: 'portrait' }));
    const [first = '', second = '', third = ''] = await assets(3);
    assert.deepEqual(idsOf(await add([second])), [second, portrait]);
    const reply = await add([third, first]);
    assert.deepEqual(idsOf(reply), [second, third, first, portrait]);
    const record = await read();
    assert.deepEqual(reply.body, { influencerId, referenceImages: record.body.referenceImages });
    const [image] = reply.body.referenceImages as Image[];
    assert.deepEqual([image?.origin, image?.shot], ['uploaded', null]);
    assert.equal(record.body.thumbnailUrl, record.body.referenceImages[0].thumbnailUrl);
  });

  it('adds behind the photos that it was created from', async () => {
    const [first = '', second = '', third = ''] = await assets(3);
    ({ influencerId } = await createInfluencer(api, tenant, { referenceImages: { assetIds: [second, first] } }));
    assert.deepEqual(idsOf(await add([third])), [second, first, third]);
  });

  it('skips what it has, what is said twice, and what is no asset of the project', async () => {
    const rendered = formatId('asset', await addImage(api.database, influencerId));
    const [had = '', wanted = ''] = await assets(2);
    await add([had]);
    const elsewhere = await asset(await createTestProject(api.database, tenant.organizationId));
    const foreign = await asset((await createTenant(api.database)).projectId);
    const twice = Object.values(spellingsOf('asset', parseId('asset', wanted)));
    const reply = await add([elsewhere, had, foreign, unknownId('asset'), rendered, ...twice]);
    assert.equal(reply.status, 200);
    assert.deepEqual(idsOf(reply), [had, wanted, rendered]);
  });

  it('adds what is in the starting set of a clone too', async () => {
    const starting = formatId('asset', await addImage(api.database, influencerId, { role: 'starting' }));
    assert.deepEqual(idsOf(await add([starting])), [starting]);
  });

  it('is one change of the influencer, and none where all are skipped', async () => {
    const wanted = await assets(3);
    const before = await read();
    await add(wanted);
    const after = await read();
    assert.equal(versionOf(after), versionOf(before) + 1);
    assert.ok(after.body.updatedAt > before.body.updatedAt);
    await add([...wanted, unknownId('asset')]);
    assert.equal(versionOf(await read()), versionOf(after));
  });

  it('leaves alone what a completed job made', async () => {
    const jobId = (await read()).body.jobId as string;
    const result = { images: [] };
    await api
      .database('jobs')
      .where({ id: parseId('job', jobId) })
      .update({ status: 'completed', stage: null, finished_at: new Date(), result });
    const job = () => call(`${api.url}/v1/jobs/${jobId}`, { key: tenant.key });
    const before = await job();
    await add(await assets(1));
    const after = await job();
    assert.deepEqual([after.body, after.headers.get('etag')], [before.body, before.headers.get('etag')]);
  });

  it('adds what many ask for at once, each once and in a place of its own', async () => {
    const wanted = await assets(8);
    const replies = await Promise.all([
      ...wanted.map((one) => add([one])),
      ...wanted.map((one) => add([one, ...wanted])),
    ]);
    for (const { status } of replies) assert.equal(status, 200);
    const rows = await api.database('influencer_images').where({ influencer_id: parseId('influencer', influencerId) });
    assert.equal(rows.length, 8);
    assert.deepEqual(
      rows.map(({ position }) => position as number).sort((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
  });

  it('skips one that is erased in that moment', async () => {
    const [gone, kept] = await assets(2);
    assert.ok(gone !== undefined && kept !== undefined);
    const erasing = await api.database.transaction();
    await erasing('assets')
      .where({ id: parseId('asset', gone) })
      .delete();
    const adding = add([gone, kept]);
    await until('it waits for the erasing', async () => {
      const { rows } = await api.database.raw<{ rows: unknown[] }>(
        `select from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like '%for key share%'`,
      );
      return rows.length > 0;
    });
    await erasing.commit();
    const { status, body } = await adding;
    assert.equal(status, 200);
    assert.deepEqual(
      body.referenceImages.map(({ assetId }: { assetId: string }) => assetId),
      [kept],
    );
  });

  it('adds no more than an influencer may have, all or none', async () => {
    const wanted = await assets(listLimits.uploadedImages);
    for (let i = 0; i < wanted.length; i += 20) assert.equal((await add(wanted.slice(i, i + 20))).status, 200);
    const before = await read();
    const more = await assets(2);
    assertRefused(await add(more), {
      status: 409,
      code: 'CONFLICT',
      message: 'An influencer has at most 100 uploaded images.',
      details: { limit: 'uploaded_images' },
    });
    assert.deepEqual((await read()).body, before.body);
    assert.equal((await add(wanted.slice(0, 20))).status, 200, 'all of them are skipped');
  });

  it('answers a repeat under one Idempotency-Key as it answered first', async () => {
    const [one = ''] = await assets(1);
    const headers = { 'Idempotency-Key': 'add-1' };
    const first = await add([one], headers);
    await call(`${api.url}/v1/influencers/${influencerId}/reference-images/${one}`, {
      key: tenant.key,
      method: 'DELETE',
    });
    const repeat = await add([one], headers);
    assert.deepEqual([repeat.status, repeat.body], [200, first.body]);
    assert.deepEqual(idsOf(await read()), []);
  });

  describe('refuses', () => {
    it('none and more than twenty, and what is no id', async () => {
      const invalid: [assetIds: unknown, ...rule: [path: string, keyword: string]][] = [
        [[], 'body.assetIds', 'minItems'],
        [Array.from({ length: 21 }, () => unknownId('asset')), 'body.assetIds', 'maxItems'],
        [['me'], 'body.assetIds.0', 'pattern'],
        [[unknownId('influencer')], 'body.assetIds.0', 'pattern'],
        [null, 'body.assetIds', 'type'],
        [undefined, 'body.assetIds', 'required'],
      ];
      for (const [assetIds, ...rule] of invalid) {
        const reply = await add(assetIds);
        assert.equal(reply.status, 422);
        assert.deepEqual(brokenRulesOf(reply), [rule]);
      }
      assert.equal((await add(await assets(20))).status, 200);
    });

    it('an influencer that never was, and one that is deleted', async () => {
      const refusal = { status: 404, code: 'NOT_FOUND', message: 'Influencer not found.' } as const;
      const wanted = await assets(1);
      assertRefused(await add(wanted, {}, unknownId('influencer')), refusal);
      await setStatus(api.database, influencerId, 'deleted');
      assertRefused(await add(wanted), refusal);
    });
  });
});
