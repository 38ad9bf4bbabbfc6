import assert from 'node:assert/strict';
import type { HttpServer } from '../../src/http/server.ts';
import { serveApp } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const app = 'https://app.example.com';
const others = ['https://evil.example.com', 'https://app.example.com.evil.com', 'http://app.example.com', 'null', ''];

describe('calls from pages of other origins', () => {
  let testDatabase: TestDatabase;
  let closed: HttpServer;
  let open: HttpServer;
  before(async () => {
    testDatabase = await createTestDatabase();
    const { database } = testDatabase;
    closed = await serveApp({ database });
    open = await serveApp({ database, corsOrigins: [app, 'http://localhost:5173'] });
  });
  after(async () => {
    await Promise.all([closed.close(), open.close()]);
    await testDatabase.drop();
  });

  const grantsOf = ({ headers }: Response) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));
  const preflight = (server: HttpServer, origin: string) =>
    fetch(`${server.url}/openapi.json`, {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'PATCH' },
    });
  const get = (server: HttpServer, origin: string, path = '/openapi.json') =>
    fetch(`${server.url}${path}`, { headers: { Origin: origin } });

  it('are not granted unless it is configured', async () => {
    for (const reply of [await preflight(closed, app), await get(closed, app)]) assert.deepEqual(grantsOf(reply), []);
  });

  it('are granted to configured origins, errors too, with the headers that callers read', async () => {
    for (const origin of [app, 'http://localhost:5173']) {
      for (const path of ['/openapi.json', '/v1/nothing', '/healthz']) {
        const { headers } = await get(open, origin, path);
        assert.equal(headers.get('access-control-allow-origin'), origin);
        assert.equal(headers.get('access-control-allow-credentials'), null);
        assert.match(headers.get('vary') ?? '', /\bOrigin\b/);
        const exposed = headers.get('access-control-expose-headers')?.split(', ') ?? [];
        for (const name of ['X-Request-Id', 'ETag', 'Location', 'RateLimit', 'Retry-After', 'Idempotent-Replayed']) {
          assert.ok(exposed.includes(name), name);
        }
      }
    }
  });

  it('are granted to no other origin', async () => {
    for (const origin of others) {
      const replies = [await preflight(open, origin), await get(open, origin)];
      for (const reply of replies) {
        assert.deepEqual(grantsOf(reply), [], origin);
        assert.match(reply.headers.get('vary') ?? '', /\bOrigin\b/);
      }
    }
  });

  it('are asked for beforehand, and the answer names methods and headers', async () => {
    const { status, headers } = await preflight(open, app);
    assert.equal(status, 204);
    assert.match(headers.get('access-control-allow-methods') ?? '', /\bPATCH\b/);
    for (const name of ['X-Api-Key', 'Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match']) {
      assert.ok(headers.get('access-control-allow-headers')?.split(', ').includes(name), name);
    }
    assert.match(headers.get('x-request-id') ?? '', /^req_/);
  });

  it('and OPTIONS that asks for nothing beforehand, tell the methods of a path', async () => {
    const reply = await fetch(`${open.url}/openapi.json`, { method: 'OPTIONS', headers: { Origin: app } });
    assert.ok(reply.ok);
    assert.deepEqual(reply.headers.get('allow')?.split(', ').sort(), ['GET', 'HEAD']);
  });
});
