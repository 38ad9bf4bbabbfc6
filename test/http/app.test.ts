import assert from 'node:assert/strict';
import { connect } from 'node:net';
import Type from 'typebox';
import type { Knex } from 'knex';
import { ApiError } from '../../src/domain/errors.ts';
import { defineEndpoint } from '../../src/http/define-endpoint.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { serveApp } from '../support/app.ts';
import { call, createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { createInfluencer } from '../support/builders.ts';
import { recordingLog } from '../support/log.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { assertRefused } from '../support/refusals.ts';
import { layLine, type SeverableLine } from '../support/severable-line.ts';

/** An endpoint that does nothing but what the test wants to see happen. */
const endpointThat = (handle: () => never) =>
  defineEndpoint<{ database: Knex }>()({
    method: 'post',
    path: '/v1/things',
    operationId: 'makeThing',
    tag: 'Things',
    summary: 'Make a thing',
    description: 'For tests.',
    scope: 'projects:write',
    rateClass: 'write-light',
    replies: { 200: { description: 'Made.', schema: Type.Object({}) } },
    errors: [],
    handle: () => Promise.resolve().then(handle),
  });

describe('the app', () => {
  let testDatabase: TestDatabase;
  let tenant: Tenant;
  const servers: HttpServer[] = [];

  const serve = async (handle: () => never) => {
    const recorded = recordingLog();
    const { database } = testDatabase;
    const server = await serveApp({ database, endpoints: [endpointThat(handle)], log: recorded.log });
    servers.push(server);
    return { ...recorded, url: server.url };
  };
  const levels = { info: 30, error: 50 };

  before(async () => {
    testDatabase = await createTestDatabase();
    tenant = await createTenant(testDatabase.database);
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await testDatabase.drop();
  });

  describe('when a handler fails unexpectedly', () => {
    it('answers INTERNAL and nothing of the cause, which it logs once under the request’s id', async () => {
      const app = await serve(() => {
        throw new TypeError('the secret of the cellar', { cause: new Error('rats') });
      });
      const reply = await call(`${app.url}/v1/things`, { method: 'POST', key: tenant.key });
      const message = 'The service failed; it has been logged.';
      assertRefused(reply, { status: 500, code: 'INTERNAL', message });
      const errors = app.lines.filter(({ level }) => level === levels.error);
      assert.equal(errors.length, 1);
      assert.equal(errors[0]?.['requestId'], reply.headers.get('x-request-id'));
      assert.equal((errors[0]['err'] as { message: string }).message.split(':')[0], 'the secret of the cellar');
      assert.match((errors[0]['err'] as { stack: string }).stack, /app\.test\.ts/);
    });

    it('answers INTERNAL to what is no error at all', async () => {
      for (const thrown of [null, undefined, 'text', { status: 418, message: 'teapot', expose: true }]) {
        const app = await serve(() => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- that is what is tested
          throw thrown;
        });
        const reply = await call(`${app.url}/v1/things`, { method: 'POST', key: tenant.key });
        assert.deepEqual([reply.status, reply.body.error.code], [500, 'INTERNAL']);
      }
    });

    it('says UNAVAILABLE for what Postgres says of its own absence, and INTERNAL for other errors of it', async () => {
      for (const [sql, status, code] of [
        [`do $$ begin raise exception 'gone' using errcode = '57P01'; end $$`, 503, 'UNAVAILABLE'],
        [`do $$ begin raise exception 'full' using errcode = '53300'; end $$`, 503, 'UNAVAILABLE'],
        [`do $$ begin raise exception 'bug' using errcode = '23505'; end $$`, 500, 'INTERNAL'],
        ['select nonsense', 500, 'INTERNAL'],
      ] as const) {
        const error: unknown = await testDatabase.database.raw(sql).catch((caught: unknown) => caught);
        const app = await serve(() => {
          throw error as Error;
        });
        const reply = await call(`${app.url}/v1/things`, { method: 'POST', key: tenant.key });
        assert.deepEqual([reply.status, reply.body.error.code], [status, code], sql);
        assert.equal(reply.headers.get('retry-after'), status === 503 ? '1' : null);
        assert.ok(!JSON.stringify(reply.body).includes('select'));
      }
    });
  });

  it('answers a refusal with its details and headers, and logs no error', async () => {
    const app = await serve(() => {
      throw new ApiError('CONFLICT', 'Taken.', { details: { by: 'you' }, headers: { 'X-Why': 'test' } });
    });
    const reply = await call(`${app.url}/v1/things`, { method: 'POST', key: tenant.key });
    assertRefused(reply, { status: 409, code: 'CONFLICT', message: 'Taken.', details: { by: 'you' } });
    assert.equal(reply.headers.get('x-why'), 'test');
    assert.deepEqual(
      app.lines.filter(({ level }) => Number(level) > levels.info),
      [],
    );
  });

  it('logs one line for each request: who asked for what, and how it went, without the key', async () => {
    const app = await serve(() => {
      throw new ApiError('CONFLICT', 'Taken.');
    });
    const reply = await call(`${app.url}/v1/things?secret=1`, { method: 'POST', key: tenant.key });
    const nobody = await call(`${app.url}/v1/things`, { method: 'POST', key: `${tenant.key}x` });
    const [first, second, ...others] = app.lines;
    assert.deepEqual(others, []);
    const [apiKey] = await testDatabase.database('api_keys').where({ organization_id: tenant.organizationId });
    for (const [line, { headers, status }, organizationId, apiKeyId] of [
      [first, reply, tenant.organizationId, apiKey.id],
      [second, nobody, undefined, undefined],
    ] as const) {
      assert.equal(line?.['requestId'], headers.get('x-request-id'));
      assert.deepEqual(
        [line['organizationId'], line['apiKeyId'], line['method'], line['path'], line['status']],
        [organizationId, apiKeyId, 'POST', '/v1/things', status],
      );
      assert.equal(typeof line['ms'], 'number');
    }
    assert.ok(!app.text().includes(tenant.key.slice(-43)));
  });

  it('tells browsers with every reply to guess, embed and pass on nothing', async () => {
    const recorded = recordingLog();
    const { database } = testDatabase;
    const server = await serveApp({ database, endpoints: [], log: recorded.log });
    const secure = await serveApp({ database, endpoints: [], log: recorded.log, isHttps: true });
    servers.push(server, secure);
    for (const path of ['/healthz', '/openapi.json', '/v1/nothing', '/docs', '/docs/start.js', '/console']) {
      const { headers } = await fetch(`${server.url}${path}`);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('referrer-policy'), 'no-referrer');
      assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
      assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
      assert.equal(headers.get('strict-transport-security'), null);
      const policy = headers.get('content-security-policy') ?? '';
      assert.match(policy, path === '/docs' ? /^default-src 'self';/ : /^default-src 'none';/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.equal(headers.get('x-powered-by') ?? headers.get('server'), null);
      const { headers: secured } = await fetch(`${secure.url}${path}`);
      assert.equal(secured.get('strict-transport-security'), 'max-age=31536000');
    }
  });

  it('answers what a careless or hostile client sends like anything else that is wrong', async () => {
    const app = await serve(() => {
      throw new ApiError('CONFLICT', 'Reached.');
    });
    const { hostname, port } = new URL(app.url);
    const send = (line: string, headers: string[] = []) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), hostname);
        let received = '';
        socket.on('data', (bytes) => (received += bytes.toString()));
        socket.on('error', reject);
        socket.on('close', () => {
          resolve(received);
        });
        const lines = [line, ...headers, `X-Api-Key: ${tenant.key}`, 'Connection: close', 'Content-Length: 0'];
        socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      });
    const host = 'Host: x';
    for (const [line, headers, status] of [
      ['POST /v1/things HTTP/1.1', ['Host: ['], 409],
      ['POST /v1/things HTTP/1.1', ['Host: a b'], 409],
      ['POST /v1/things HTTP/1.1', ['Host:'], 409],
      ['POST /v1/things HTTP/1.1', [host, 'X-Forwarded-For: ,', 'X-Forwarded-Host: ['], 409],
      ['POST http://elsewhere/v1/things HTTP/1.1', [host], 409],
      ['POST /v1/things?%ff=%zz&a[b]=1 HTTP/1.1', [host], 422],
      ['POST /v1/things?__proto__=1 HTTP/1.1', [host], 422],
      ['POST /v1/%74hings HTTP/1.1', [host], 404],
      ['POST /v1/things%00 HTTP/1.1', [host], 404],
      ['POST /%ff%zz HTTP/1.1', [host], 404],
      ['POST //v1/things HTTP/1.1', [host], 404],
      ['OPTIONS * HTTP/1.1', [host], 404],
      ['POST /v1/things HTTP/1.1', [host, host], 400],
      ['POST /v1/things HTTP/1.0', [], 409],
    ] as const) {
      const received = await send(line, [...headers]);
      const [head = '', body = ''] = received.split('\r\n\r\n');
      assert.match(head, new RegExp(`^HTTP/1\\.1 ${String(status)} `), `${line} ${headers.join()}`);
      assert.match(head, /\r\nX-Request-Id: req_/);
      assert.match(body, /^\{"error":\{"code":"[A-Z_]+"/);
    }
  });

  describe('for what it does not have', () => {
    it('answers NOT_FOUND, whoever asks and however', async () => {
      const app = await serve(() => {
        throw new Error('not reached');
      });
      for (const path of [
        '/',
        '/v1',
        '/v1/thing',
        '/v1/things/1',
        '/docs/',
        '/docs/../package.json',
        '/files',
        '/favicon.ico',
      ]) {
        for (const method of ['GET', 'POST', 'DELETE', 'PROPFIND']) {
          const reply = await call(`${app.url}${path}`, { method });
          assert.deepEqual([reply.status, reply.body.error.code], [404, 'NOT_FOUND'], `${method} ${path}`);
        }
        assert.equal((await call(`${app.url}${path}`, { method: 'HEAD' })).status, 404);
      }
    });

    it('tells the methods of a path, to OPTIONS and to every method that it does not take', async () => {
      const app = await serve(() => {
        throw new Error('not reached');
      });
      const options = await call(`${app.url}/v1/things`, { method: 'OPTIONS' });
      assert.ok(options.status < 300);
      assert.equal(options.headers.get('allow'), 'POST');
      for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs']) {
        const reply = await call(`${app.url}${path}`, { method: 'POST', body: {} });
        assert.deepEqual([reply.status, reply.body.error.code], [405, 'METHOD_NOT_ALLOWED'], path);
        assert.deepEqual(reply.headers.get('allow')?.split(', ').sort(), ['GET', 'HEAD']);
      }
    });
  });

  describe('while Postgres is away', () => {
    let line: SeverableLine;
    let api: TestApi;
    let caller: Tenant;
    let influencerId: string;
    before(async () => {
      line = await layLine();
      api = await startTestApi({ through: line.through });
      caller = await createTenant(api.database);
      ({ influencerId } = await createInfluencer(api, caller));
    });
    after(async () => {
      await api.close();
      await line.cut();
    });

    it('answers UNAVAILABLE and when to come back, is not ready, and goes on by itself afterwards', async () => {
      const read = () => call(`${api.url}/v1/influencers/${influencerId}`, { key: caller.key });
      const readiness = () => fetch(`${api.url}/readyz`);
      assert.equal((await readiness()).status, 200);
      await line.cut();
      const message = 'The service cannot answer now; try again shortly.';
      const replies = await Promise.all([read(), read(), read()]);
      for (const reply of replies) {
        assertRefused(reply, { status: 503, code: 'UNAVAILABLE', message });
        assert.equal(reply.headers.get('retry-after'), '1');
      }
      const unready = await readiness();
      assert.deepEqual(
        [unready.status, await unready.json()],
        [503, { status: 'unavailable', postgres: 'down', temporal: 'down' }],
      );
      assert.equal((await fetch(`${api.url}/healthz`)).status, 200);
      await line.mend();
      assert.equal((await read()).status, 200);
      assert.equal((await readiness()).status, 200);
    });

    it('answers UNAVAILABLE, at worst, to whoever is caught by the end of the connections, and then goes on', async () => {
      const clone = () =>
        call(`${api.url}/v1/influencers/${influencerId}/clone`, { key: caller.key, body: { name: 'Clone' } });
      const calls = Array.from({ length: 40 }, clone);
      await api.database.raw(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      );
      for (const { status } of await Promise.all(calls)) assert.ok(status === 202 || status === 503, String(status));
      assert.equal((await clone()).status, 202);
      const rows = await api.database('influencers').whereNot({ name: 'Clone' }).count<{ count: string }[]>();
      assert.equal(rows[0]?.count, '1');
    });
  });
});
