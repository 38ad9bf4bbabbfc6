import assert from 'node:assert/strict';
import { DoppelClient, DoppelError } from '../../src/client/index.ts';
import { createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { addImage, createInfluencer, insertAsset } from '../support/builders.ts';
import { formatId } from '../../src/domain/ids.ts';
import { plain } from '../support/uploads.ts';

const has =
  (code: string, status: number) =>
  (error: unknown): boolean =>
    error instanceof DoppelError && error.code === code && error.status === status && error.requestId !== null;

async function all<Item>(list: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of list) items.push(item);
  return items;
}

describe('DoppelClient', () => {
  let api: TestApi;
  let tenant: Tenant;
  let client: DoppelClient;

  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api.database, { scopes: ['*', 'org:admin'] });
    client = new DoppelClient({ baseUrl: api.url, apiKey: tenant.key });
  });

  it('tells whose key it has', async () => {
    const { organizationId, environment, scopes } = await client.whoAmI();
    assert.equal(organizationId, formatId('organization', tenant.organizationId));
    assert.deepEqual([environment, scopes], ['live', ['*', 'org:admin']]);
  });

  it('creates, reads, lists, changes, archives and revives projects', async () => {
    const made = await client.projects.create({ name: 'Spring & fall', timezone: 'Europe/Berlin' });
    assert.deepEqual(await client.projects.get(made.id), made);
    assert.deepEqual(await all(client.projects.list({ search: 'spring &' })), [made]);
    assert.equal((await client.projects.update(made.id, { name: 'Fall' })).name, 'Fall');
    assert.equal((await client.projects.archive(made.id)).status, 'archived');
    assert.deepEqual(
      (await all(client.projects.list({ status: ['archived'] }))).map(({ id }) => id),
      [made.id],
    );
    assert.equal((await client.projects.update(made.id, { status: 'active' })).status, 'active');
  });

  it('creates, clones, reads, changes and deletes influencers', async () => {
    const accepted = await client.influencers.create(tenant.projectId, { name: 'Ava', vibe: 'warm' });
    const clone = await client.influencers.clone(accepted.influencerId, { name: 'Eva', overrides: { vibe: 'dry' } });
    const read = await client.influencers.get(clone.influencerId);
    assert.deepEqual([read.name, read.vibe, read.status, read.jobId], ['Eva', 'dry', 'pending', clone.jobId]);

    const changed = await client.influencers.update(read.influencerId, { vibe: null }, { ifMatch: read.etag });
    assert.equal(changed.vibe, null);
    assert.notEqual(changed.etag, read.etag);
    const { etag: _, ...rest } = await client.influencers.get(read.influencerId);
    assert.deepEqual(rest, (({ etag: __, ...same }) => same)(changed));
    await assert.rejects(
      client.influencers.update(read.influencerId, { vibe: 'late' }, { ifMatch: read.etag }),
      has('PRECONDITION_FAILED', 412),
    );
    await assert.rejects(
      client.influencers.delete(read.influencerId, { ifMatch: read.etag }),
      has('PRECONDITION_FAILED', 412),
    );
    const deleted = await client.influencers.delete(read.influencerId, { reason: 'over', ifMatch: changed.etag });
    assert.equal(deleted.status, 'deleted');
    await assert.rejects(client.influencers.get(read.influencerId), has('NOT_FOUND', 404));
    assert.equal((await client.jobs.get(clone.jobId)).status, 'canceled');
    assert.equal((await client.jobs.wait(clone)).status, 'canceled');
  });

  it('makes one influencer of two calls with one idempotency key', async () => {
    const create = () => client.influencers.create(tenant.projectId, { name: 'Ava' }, { idempotencyKey: 'ava' });
    assert.deepEqual(await create(), await create());
    await assert.rejects(
      client.influencers.create(tenant.projectId, { name: 'Eva' }, { idempotencyKey: 'ava' }),
      has('IDEMPOTENCY_CONFLICT', 409),
    );
  });

  it('adds and removes reference images', async () => {
    const { influencerId } = await createInfluencer(api, tenant);
    const uploaded = formatId('asset', await addImage(api.database, influencerId, { role: 'uploaded' }));
    const assetId = formatId('asset', await insertAsset(api.database, tenant.projectId));
    const added = await client.influencers.addReferenceImages(influencerId, { assetIds: [assetId] });
    assert.deepEqual(
      added.referenceImages.map((image) => image.assetId),
      [uploaded, assetId],
    );
    const left = await client.influencers.removeReferenceImage(influencerId, uploaded);
    assert.deepEqual(
      left.referenceImages.map((image) => image.assetId),
      [assetId],
    );
  });

  it('goes through a list page by page, as far as its items are taken, or gives pages', async () => {
    const names = ['Ava', 'Ben', 'Cleo', 'Dan', 'Eva'];
    for (const name of names) await client.influencers.create(tenant.projectId, { name });
    const newestFirst = names.toReversed();
    const list = client.influencers.list(tenant.projectId, { status: ['pending'] }, { pageSize: 2 });
    assert.deepEqual(
      (await all(list)).map(({ name }) => name),
      newestFirst,
    );
    assert.deepEqual((await all(list)).length, 5, 'it can be gone through again');
    assert.deepEqual(await all(client.influencers.list(tenant.projectId, { status: ['failed'] })), []);

    const first = await list.page();
    const second = await list.page(first.nextCursor ?? assert.fail('there is no second page'));
    assert.deepEqual(
      [...first.items, ...second.items].map(({ name }) => name),
      newestFirst.slice(0, 4),
    );
    assert.equal((await all(client.jobs.list({ projectId: tenant.projectId }))).length, 5);

    let calls = 0;
    const counted = new DoppelClient({
      ...{ baseUrl: api.url, apiKey: tenant.key },
      fetch: (...call) => {
        calls++;
        return fetch(...call);
      },
    });
    for await (const { name } of counted.influencers.list(tenant.projectId, {}, { pageSize: 1 })) {
      if (name === 'Dan') break;
    }
    assert.equal(calls, 2);
  });

  for (const [what, wrap] of [
    ['bytes', (bytes: Buffer) => new Uint8Array(bytes)],
    ['a file of a browser', (bytes: Buffer) => new Blob([new Uint8Array(bytes)], { type: 'text/plain' })],
  ] as const) {
    it(`uploads ${what}, and gives the same asset for the same idempotency key`, async () => {
      const photo = await plain(40, 30).png().toBuffer();
      const upload = (options = {}) =>
        client.media.upload(tenant.projectId, wrap(photo), { kind: 'image', mimeType: 'image/png' }, options);
      const asset = await upload({ idempotencyKey: 'photo' });
      assert.deepEqual([asset.width, asset.height], [40, 30]);
      assert.deepEqual(await client.media.get(asset.assetId), asset);
      assert.equal((await upload({ idempotencyKey: 'photo' })).assetId, asset.assetId);
      assert.notEqual((await upload()).assetId, asset.assetId);
    });
  }

  it('tells why an upload is refused', async () => {
    const text = new TextEncoder().encode('no picture');
    await assert.rejects(
      client.media.upload(tenant.projectId, text, { kind: 'image', mimeType: 'image/png' }),
      has('VALIDATION', 422),
    );
  });

  it('stores a small photo in one call', async () => {
    const dataBase64 = (await plain(8, 8).png().toBuffer()).toString('base64');
    const asset = await client.media.create(tenant.projectId, { kind: 'image', mimeType: 'image/png', dataBase64 });
    assert.equal(asset.width, 8);
  });

  it('makes, lists, rotates, kills and deletes API keys', async () => {
    const made = await client.apiKeys.create({ name: 'Billing', scopes: ['jobs:read'], env: 'live' });
    const owner = new DoppelClient({ baseUrl: api.url, apiKey: made.secret ?? assert.fail('no secret') });
    assert.equal((await owner.whoAmI()).apiKeyId, made.apiKeyId);
    await assert.rejects(owner.projects.get(tenant.projectId), (error: unknown) => {
      assert.ok(has('FORBIDDEN_SCOPE', 403)(error));
      return (error as DoppelError).details.required === 'projects:read';
    });

    const rotated = await client.apiKeys.rotate(made.apiKeyId);
    const again = new DoppelClient({ baseUrl: api.url, apiKey: rotated.secret ?? assert.fail('no secret') });
    assert.equal((await again.apiKeys.kill(made.apiKeyId)).state, 'killed');
    await assert.rejects(again.apiKeys.kill(made.apiKeyId), has('KILL_SWITCH', 503));
    assert.equal((await all(client.apiKeys.list())).length, 2);
    assert.equal((await client.apiKeys.delete(made.apiKeyId)).state, 'deleted');
    assert.equal((await all(client.apiKeys.list({ pageSize: 1 }))).length, 1);
  });

  it('tells every broken rule', async () => {
    const body = { name: '', timezone: 'Berlin' };
    await assert.rejects(client.projects.create(body), (error: unknown) => {
      assert.ok(has('VALIDATION', 422)(error));
      const { issues = [] } = (error as DoppelError).details;
      assert.deepEqual(issues.map(({ path }) => path).sort(), ['body.name', 'body.timezone']);
      return true;
    });
  });
});
