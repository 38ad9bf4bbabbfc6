import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { parseId } from '../../../src/domain/ids.ts';
import { call, createTenant, createTestKey, startTestApi, type Tenant, type TestApi } from '../../support/api.ts';
import { unknownId } from '../../support/builders.ts';
import { assertRefused, brokenRulesOf, withoutTrace } from '../../support/refusals.ts';
import { phonePhoto, plain } from '../../support/uploads.ts';

describe('POST /v1/projects/:projectId/media', () => {
  let api: TestApi;
  let tenant: Tenant;
  let picture: Buffer;
  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
    picture = await plain().png().toBuffer();
  });
  after(() => api.close());

  const store = (
    dataBase64: string,
    { fields = {}, headers = {} }: { fields?: object; headers?: Record<string, string> } = {},
  ) =>
    call(`${api.url}/v1/projects/${tenant.projectId}/media`, {
      key: tenant.key,
      body: { kind: 'image', mimeType: 'image/png', dataBase64, ...fields },
      headers,
    });

  it('stores a picture upright and without its metadata', async () => {
    const { status, body, headers } = await store((await phonePhoto()).toString('base64'), {
      fields: { filename: 'ä.jpg' },
    });
    assert.equal(status, 201);
    assert.equal(headers.get('location'), `/v1/media/${String(body.assetId)}`);
    assert.deepEqual([body.kind, body.mimeType, body.width, body.height], ['image', 'image/jpeg', 40, 60]);
    const stored = await (await fetch(body.url)).arrayBuffer();
    assert.equal((await sharp(stored).metadata()).exif, undefined);
    const row = await api
      .database('assets')
      .where({ id: parseId('asset', body.assetId) })
      .first();
    assert.equal(row.filename, 'ä.jpg');
  });

  it('refuses what is not strictly base64', async () => {
    const good = picture.toString('base64');
    for (const [bad, keyword] of [
      ['', 'minLength'],
      ['????', 'pattern'],
      [`data:image/png;base64,${good}`, 'pattern'],
      [`${good}\n`, 'pattern'],
      [good.replace(/^(.{8})/, '$1 '), 'pattern'],
      [Buffer.from(picture).toString('base64url').padEnd(120, '_'), 'pattern'],
      ['AAA=AAA=', 'pattern'],
      ['AAA', 'minLength'],
      ['AAAAA', 'contentEncoding'],
      ['AAAAAB==', 'contentEncoding'],
    ] as const) {
      const reply = await withoutTrace(api.database, () => store(bad));
      assert.equal(reply.status, 422, bad.slice(0, 40));
      const rules = brokenRulesOf(reply).map(([path, rule]) => (assert.equal(path, 'body.dataBase64'), rule));
      assert.ok(rules.includes(keyword), `${bad.slice(0, 40)}: ${rules.join()}`);
    }
  });

  it('takes 256 KB and no byte more', async () => {
    const limit = 256 * 1024;
    const padded = Buffer.concat([picture, Buffer.alloc(limit - picture.length)]);
    assert.equal((await store(padded.toString('base64'))).status, 201);
    for (const more of [1, 2, 3]) {
      const reply = await withoutTrace(api.database, () =>
        store(Buffer.concat([padded, Buffer.alloc(more)]).toString('base64')),
      );
      assert.deepEqual([reply.status, brokenRulesOf(reply)], [422, [['body.dataBase64', 'maxLength']]]);
    }
  });

  it('refuses what is no picture, naming the field', async () => {
    for (const [bytes, keyword] of [
      [randomBytes(100), 'picture'],
      [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'picture'],
    ] as const) {
      const reply = await withoutTrace(api.database, () => store(bytes.toString('base64')));
      assert.deepEqual([reply.status, brokenRulesOf(reply)], [422, [['body.dataBase64', keyword]]]);
    }
  });

  it('stores one asset under an Idempotency-Key, however often it comes', async () => {
    const headers = { 'Idempotency-Key': 'one' };
    const replies = await Promise.all(Array.from({ length: 4 }, () => store(picture.toString('base64'), { headers })));
    assert.deepEqual(
      [...new Set(replies.map(({ status, body }) => `${String(status)} ${JSON.stringify(body)}`))].length,
      1,
    );
    assert.equal(replies.filter((reply) => reply.headers.get('idempotent-replayed') === 'true').length, 3);
  });

  it('refuses an archived project', async () => {
    const other = await createTenant(api.database);
    await api
      .database('projects')
      .where({ id: parseId('project', other.projectId) })
      .update({ status: 'archived', archived_at: new Date() });
    const reply = await withoutTrace(api.database, () =>
      call(`${api.url}/v1/projects/${other.projectId}/media`, {
        key: other.key,
        body: { kind: 'image', mimeType: 'image/png', dataBase64: picture.toString('base64') },
      }),
    );
    assertRefused(reply, { status: 409, code: 'CONFLICT', message: 'The project is archived.' });
  });

  describe('GET /v1/media/:assetId', () => {
    it('gives the record, and 304 to whoever has it', async () => {
      const { body } = await store(picture.toString('base64'));
      const url = `${api.url}/v1/media/${String(body.assetId)}`;
      const key = await createTestKey(api.database, tenant.organizationId, { scopes: ['projects:read'] });
      const read = await call(url, { key });
      assert.deepEqual([read.status, read.body], [200, body]);
      const held = await call(url, { key, headers: { 'If-None-Match': read.headers.get('etag') ?? '' } });
      assert.deepEqual([held.status, held.body], [304, undefined]);
    });

    it('answers one thing for what is not there and what is another’s', async () => {
      const { body } = await store(picture.toString('base64'));
      const missing = { status: 404, code: 'NOT_FOUND', message: 'Asset not found.' } as const;
      const url = `${api.url}/v1/media/${String(body.assetId)}`;
      assertRefused(await call(url, { key: (await createTenant(api.database)).key }), missing);
      const key = await createTestKey(api.database, tenant.organizationId, { environment: 'test' });
      assertRefused(await call(url, { key }), missing);
      assertRefused(await call(`${api.url}/v1/media/${unknownId('asset')}`, { key: tenant.key }), missing);
    });
  });
});
