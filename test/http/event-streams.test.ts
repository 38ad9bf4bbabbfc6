import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Knex } from 'knex';
import Type from 'typebox';
import { request } from 'undici';
import { ApiError } from '../../src/domain/errors.ts';
import { defineEndpoint } from '../../src/http/define-endpoint.ts';
import { frameOf, type EventStream } from '../../src/http/event-streams.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { createTenant } from '../support/api.ts';
import { serveApp } from '../support/app.ts';
import { until } from '../support/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

describe('a stream of events', () => {
  let testDatabase: TestDatabase;
  let server: HttpServer;
  let key: string;
  let streams: EventStream[];
  let stopped: number;
  let refusal: Error | null;

  const endpoint = defineEndpoint<{ database: Knex }>()({
    method: 'get',
    path: '/v1/events',
    operationId: 'events',
    tag: 'Things',
    summary: 'Stream',
    description: 'For tests.',
    scope: null,
    rateClass: 'read-light',
    replies: { 200: { description: 'Events.', schema: Type.Object({}), isEventStream: true } },
    errors: [],
    handle: ({ lastEventId }) =>
      Promise.resolve({
        status: 200 as const,
        body: undefined,
        stream(stream: EventStream) {
          if (refusal !== null) throw refusal;
          streams.push(stream);
          setImmediate(() => {
            stream.send(frameOf(1, 'thing', JSON.stringify({ lastEventId })));
          });
          return () => {
            stopped++;
          };
        },
      }),
  });

  before(async () => {
    testDatabase = await createTestDatabase();
    ({ key } = await createTenant(testDatabase.database));
    server = await serveApp({ database: testDatabase.database, endpoints: [endpoint] });
  });
  after(async () => {
    await server.close(0);
    await testDatabase.drop();
  });
  beforeEach(() => {
    streams = [];
    stopped = 0;
    refusal = null;
  });

  const ask = (options: { method?: 'GET' | 'HEAD'; signal?: AbortSignal } = {}) =>
    request(`${server.url}/v1/events`, { headers: { 'X-Api-Key': key, 'Last-Event-ID': '7' }, ...options });

  it('is what its endpoint writes, and stops when that ends it', async () => {
    const { statusCode, headers, body } = await ask();
    assert.deepEqual([statusCode, headers['content-type']], [200, 'text/event-stream']);
    await until('it has begun', () => streams.length === 1);
    setImmediate(() => streams[0]?.end(1_234));
    assert.equal(await body.text(), 'retry: 2000\n\nid: 1\nevent: thing\ndata: {"lastEventId":7}\n\nretry: 1234\n\n');
    await until('it has stopped', () => stopped === 1);
    streams[0]?.send('late');
    streams[0]?.end();
  });

  it('stops when its reader goes away', async () => {
    const going = new AbortController();
    const { body } = await ask({ signal: going.signal });
    going.abort();
    await assert.rejects(body.text());
    await until('it has stopped', () => stopped === 1);
    streams[0]?.send('late');
  });

  it('that is refused is an error like any other', async () => {
    for (const [error, code] of [
      [new ApiError('UNAVAILABLE', 'Full.', { headers: { 'Retry-After': '5' } }), 'UNAVAILABLE'],
      [new Error('a fault'), 'INTERNAL'],
    ] as const) {
      refusal = error;
      const { headers, body } = await ask();
      assert.equal(headers['content-type'], 'application/json; charset=utf-8');
      assert.equal(headers['retry-after'], code === 'UNAVAILABLE' ? '5' : undefined);
      assert.equal(((await body.json()) as { error: { code: string } }).error.code, code);
    }
  });

  it('begins nothing for HEAD', async () => {
    const { statusCode, headers, body } = await ask({ method: 'HEAD' });
    assert.deepEqual([statusCode, headers['content-type'], await body.text()], [200, 'text/event-stream', '']);
    assert.equal(streams.length, 0);
  });

  it('is cut when its reader does not read, and nobody else’s is', async () => {
    const other = await ask();
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.pause();
    socket.on('error', () => undefined); // it is cut, and that is what is waited for
    socket.write(`GET /v1/events HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${key}\r\n\r\n`);
    await once(socket, 'connect');
    await until('both have begun', () => streams.length === 2);
    const frame = frameOf(1, 'thing', 'x'.repeat(100_000));
    await until(
      'it is cut',
      () => {
        streams[1]?.send(frame);
        return stopped === 1;
      },
      { everyMs: 1 },
    );
    streams[0]?.end();
    assert.match(await other.body.text(), /^retry/);
    socket.destroy();
  });
});
