import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Knex } from 'knex';
import Type from 'typebox';
import { defineEndpoint } from '../../src/http/define-endpoint.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { call, createTenant, type Reply } from '../support/api.ts';
import { serveApp } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { assertRefused } from '../support/refusals.ts';

const maxBytes = 1024 * 1024;

describe('the body of a request', () => {
  let testDatabase: TestDatabase;
  let server: HttpServer;
  let key: string;
  const received: unknown[] = [];

  const receive = defineEndpoint<{ database: Knex }>()({
    method: 'post',
    path: '/v1/bodies',
    operationId: 'receive',
    tag: 'Bodies',
    summary: 'Receive',
    description: 'For tests.',
    scope: 'projects:write',
    rateClass: 'write-light',
    body: Type.Unknown(),
    replies: { 200: { description: 'Received.', schema: Type.Object({}) } },
    errors: [],
    handle({ body }) {
      received.push(body);
      return Promise.resolve({ status: 200 as const, body: {} });
    },
  });

  const send = (body: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
    call(`${server.url}/v1/bodies`, { method: 'POST', key, body, headers });
  const takes = async (body: unknown, expected: unknown, headers: Record<string, string> = {}): Promise<void> => {
    received.length = 0;
    const { status } = await send(body, headers);
    assert.deepEqual([status, received], [200, [expected]]);
  };
  const chunked = (...chunks: (string | Uint8Array)[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

  before(async () => {
    testDatabase = await createTestDatabase();
    ({ key } = await createTenant(testDatabase.database));
    server = await serveApp({ database: testDatabase.database, endpoints: [receive] });
  });
  after(async () => {
    await server.close();
    await testDatabase.drop();
  });

  it('may be any JSON in UTF-8', async () => {
    for (const body of [{ a: 'é🙂', 'b\u2028': [1e9, -0.5, true, null] }, [], 'text', 0, false]) {
      await takes(JSON.stringify(body), body);
    }
  });

  it('may name its type in any of its ways', async () => {
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'application/json;charset="UTF-8"',
      'Application/JSON',
    ]) {
      await takes('{}', {}, { 'Content-Type': type });
    }
  });

  it('may come in chunks, also cut within a character', async () => {
    const bytes = Buffer.from('{"a":"🙂"}');
    await takes(chunked(bytes.subarray(0, 7), bytes.subarray(7)), { a: '🙂' });
  });

  it('may be deeply nested', async () => {
    const depth = 100_000;
    assert.equal((await send(`${'['.repeat(depth)}${']'.repeat(depth)}`)).status, 200);
  });

  describe('is refused as no JSON', () => {
    const refused = async (body: unknown, message: string) => {
      const issue = { path: 'body', message, keyword: 'json' };
      assertRefused(await send(body), {
        status: 400,
        code: 'VALIDATION',
        message: `body ${message}.`,
        details: { issues: [issue] },
      });
    };

    for (const [title, body] of Object.entries<string | Uint8Array>({
      'when it ends too early': '{"a":',
      'when something follows it': '{}{}',
      'when it has a trailing comma': '{"a":1,}',
      'when it is JavaScript': "{a:'b'}",
      'when it is NaN': 'NaN',
      'when it is blank': '  ',
      'when it is not UTF-8': Buffer.from([0x22, 0xff, 0x22]),
      'when a character is cut': Buffer.from([0x22, 0xf0, 0x9f, 0x22]),
      'when it has an overlong character': Buffer.from([0x22, 0xc0, 0x80, 0x22]),
      'when it has an encoded surrogate': Buffer.from([0x22, 0xed, 0xa0, 0xbd, 0x22]),
      'when it is UTF-16': Buffer.from('{}', 'utf16le'),
      'when it holds a bare control character': '"\u0001"',
    })) {
      it(title, () => refused(body, 'is not JSON in UTF-8'));
    }

    it('when it is empty, or not there', async () => {
      await refused('', 'is required, as JSON');
      await refused(undefined, 'is required, as JSON');
      await refused(chunked(), 'is required, as JSON');
    });
  });

  it('is refused when it is of another type or compressed', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/merge-patch+json',
      'application/json; charset=latin1',
      'x',
    ];
    for (const type of types) {
      assertRefused(await send('{}', { 'Content-Type': type }), {
        status: 415,
        code: 'UNSUPPORTED_MEDIA_TYPE',
        message: 'The body must be application/json in UTF-8.',
      });
    }
    assertRefused(await send(gzipSync('{}'), { 'Content-Encoding': 'gzip' }), {
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE',
      message: 'The body must not be compressed.',
    });
  });

  describe('may have 1 MB', () => {
    const bodyOf = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;
    const tooLarge = {
      status: 413,
      code: 'PAYLOAD_TOO_LARGE',
      message: 'The body must be at most 1 MB.',
    } as const;

    it('and no byte more, with its length told or not', async () => {
      assert.equal((await send(bodyOf(maxBytes))).status, 200);
      assert.equal((await send(chunked(bodyOf(maxBytes)))).status, 200);
      assertRefused(await send(bodyOf(maxBytes + 1)), tooLarge);
      assertRefused(await send(chunked(bodyOf(maxBytes), ' ')), tooLarge);
    });

    it('and whoever sends far more is still told so', async () => {
      for (let i = 0; i < 20; i++) assertRefused(await send(bodyOf(8 * maxBytes)), tooLarge);
    });

    it('and the next request is read as if nothing had been', async () => {
      assert.equal((await send(bodyOf(2 * maxBytes), { 'Content-Type': 'text/plain' })).status, 415);
      await takes('{"a":1}', { a: 1 });
    });
  });

  it('does nothing when its connection breaks before it is whole', async () => {
    const { hostname, port } = new URL(server.url);
    received.length = 0;
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /v1/bodies HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"half":1}`,
    );
    socket.end();
    socket.resume();
    await once(socket, 'close');
    assert.equal((await send('{"whole":1}')).status, 200);
    assert.deepEqual(received, [{ whole: 1 }]);
  });
});
