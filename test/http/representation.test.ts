import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import type { Knex } from 'knex';
import Type from 'typebox';
import { request } from 'undici';
import { defineEndpoint } from '../../src/http/define-endpoint.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { serveApp } from '../support/app.ts';
import { createTenant } from '../support/api.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

describe('a reply', () => {
  let testDatabase: TestDatabase;
  let server: HttpServer;
  let key: string;
  let handled = 0;
  const textOf = (letters: number) => ({ text: 'é'.repeat(letters) });

  const endpointFor = (path: string, letters: number, etag?: string) =>
    defineEndpoint<{ database: Knex }>()({
      method: 'get',
      path,
      operationId: path,
      tag: 'Things',
      summary: 'Read',
      description: 'For tests.',
      scope: null,
      rateClass: 'read-light',
      replies: { 200: { description: 'Read.', schema: Type.Object({ text: Type.String() }) } },
      errors: [],
      handle() {
        handled++;
        return Promise.resolve({
          status: 200 as const,
          body: textOf(letters),
          ...(etag === undefined ? {} : { etag }),
        });
      },
    });

  before(async () => {
    testDatabase = await createTestDatabase();
    ({ key } = await createTenant(testDatabase.database));
    const endpoints = [
      endpointFor('/v1/small', 10, '7-100'),
      endpointFor('/v1/large', 2_000, '7-100'),
      endpointFor('/v1/untagged', 2_000),
    ];
    server = await serveApp({ database: testDatabase.database, endpoints });
  });
  after(async () => {
    await server.close();
    await testDatabase.drop();
  });

  const read = async (path: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') => {
    const reply = await request(`${server.url}${path}`, { method, headers: { 'X-Api-Key': key, ...headers } });
    const bytes = Buffer.from(await reply.body.arrayBuffer());
    const { etag, vary, 'content-encoding': coding, 'content-type': type, 'content-length': length } = reply.headers;
    return { status: reply.statusCode, etag, vary, coding, type, length: Number(length), bytes };
  };
  const gzip = { 'Accept-Encoding': 'gzip' };

  it('is JSON in UTF-8, compressed for whoever takes that', async () => {
    const plain = await read('/v1/large');
    const packed = await read('/v1/large', gzip);
    assert.deepEqual([plain.coding, packed.coding], [undefined, 'gzip']);
    assert.ok(packed.bytes.length < plain.bytes.length / 10);
    assert.deepEqual(gunzipSync(packed.bytes), plain.bytes);
    assert.deepEqual(JSON.parse(plain.bytes.toString()), textOf(2_000));
    for (const reply of [plain, packed]) {
      assert.equal(reply.type, 'application/json; charset=utf-8');
      assert.equal(reply.vary, 'Accept-Encoding');
      assert.equal(reply.length, reply.bytes.length);
    }
  });

  it('is not compressed where it is small', async () => {
    const { coding, etag, vary } = await read('/v1/small', gzip);
    assert.deepEqual([coding, etag, vary], [undefined, '"7-100"', 'Accept-Encoding']);
  });

  for (const [accepted, coding] of [
    ['', undefined],
    ['identity', undefined],
    ['br', undefined],
    ['gzip;q=0', undefined],
    ['gzip;q=0.1, identity;q=0.9', undefined],
    ['*;q=0', undefined],
    ['*', 'gzip'],
    ['gzip;q=0.001', 'gzip'],
    ['br, deflate, GZIP', 'gzip'],
    ['identity;q=0.5, gzip;q=0.8', 'gzip'],
  ] as const) {
    it(`to "Accept-Encoding: ${accepted}" is ${coding ?? 'not compressed'}`, async () => {
      assert.equal((await read('/v1/large', { 'Accept-Encoding': accepted })).coding, coding);
    });
  }

  describe('with an ETag', () => {
    it('has one for each coding', async () => {
      assert.equal((await read('/v1/large')).etag, '"7-100"');
      assert.equal((await read('/v1/large', gzip)).etag, '"7-100-gzip"');
    });

    it('is 304 to whoever has either, and says which one that is', async () => {
      for (const [held, accepts, etag] of [
        ['"7-100"', {}, '"7-100"'],
        ['"7-100"', gzip, '"7-100"'],
        ['"7-100-gzip"', gzip, '"7-100-gzip"'],
        ['"7-100-gzip"', {}, '"7-100-gzip"'],
        ['"7-100", "7-100-gzip"', gzip, '"7-100-gzip"'],
        ['"6-100",W/"7-100"', {}, '"7-100"'],
        ['*', gzip, '"7-100-gzip"'],
      ] as const) {
        for (const method of ['GET', 'HEAD'] as const) {
          const reply = await read('/v1/large', { 'If-None-Match': held, ...accepts }, method);
          assert.deepEqual([reply.status, reply.etag, reply.vary], [304, etag, 'Accept-Encoding'], held);
          assert.deepEqual([reply.bytes.length, reply.type, reply.coding], [0, undefined, undefined]);
        }
      }
    });

    it('is whole to whoever has another version, or none', async () => {
      for (const held of ['"6-100"', '"7-99"', '7-100', '"7-100-br"', '"7-10"', '']) {
        assert.equal((await read('/v1/large', { 'If-None-Match': held })).status, 200, held);
      }
      assert.equal((await read('/v1/untagged', { 'If-None-Match': '"7-100"' })).status, 200);
    });
  });

  it('to HEAD has the headers of the one to GET, and no body', async () => {
    for (const path of ['/v1/small', '/v1/large', '/openapi.json', '/docs', '/healthz']) {
      for (const accepts of [{}, gzip]) {
        const { bytes, ...got } = await read(path, accepts);
        const { bytes: none, ...head } = await read(path, accepts, 'HEAD');
        assert.deepEqual(head, got, path);
        assert.deepEqual([none.length, bytes.length], [0, head.length]);
      }
    }
    const before = handled;
    await read('/v1/small', {}, 'HEAD');
    assert.equal(handled, before + 1);
  });

  it('with the OpenAPI document is compressed, and 304 to whoever has it', async () => {
    const { etag, coding } = await read('/openapi.json', gzip);
    assert.equal(coding, 'gzip');
    const again = await read('/openapi.json', { ...gzip, 'If-None-Match': String(etag) });
    assert.deepEqual([again.status, again.etag], [304, etag]);
  });
});
