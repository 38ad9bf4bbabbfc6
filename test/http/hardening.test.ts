// What a reviewer found by trying to break the API, each held by a test that failed first.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { query } from '../../src/db/database.ts';
import { call, createTenant, createTestKey, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { createInfluencer } from '../support/builders.ts';

describe('the API in hostile hands', () => {
  let api: TestApi;
  let admin: Tenant;
  before(async () => {
    api = await startTestApi();
    admin = await createTenant(api.database, { scopes: ['*', 'org:admin'] });
  });
  after(() => api.close());

  const whoIs = async (key: string) => (await call(`${api.url}/v1/whoami`, { key })).body.apiKeyId as string;

  it('refuses scopes that are nested beyond reason', async () => {
    const nested = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const body = `{"name":"x","env":"live","scopes":[${nested},${nested}]}`;
    const reply = await call(`${api.url}/v1/api-keys`, { method: 'POST', key: admin.key, body });
    assert.deepEqual([reply.status, reply.body.error.code], [422, 'VALIDATION']);
  });

  it('refuses an expiry that its time zone pushes out of four-digit years', async () => {
    const body = { name: 'x', env: 'live', scopes: ['jobs:read'], expiresAt: '9999-12-31T23:59:59-23:59' };
    assert.equal((await call(`${api.url}/v1/api-keys`, { key: admin.key, body })).status, 422);
  });

  it('answers a request target that is no URL with its envelope', async () => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    socket.end('GET http://[::1/v1/whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    await once(socket, 'close');
    assert.match(answer, /^HTTP\/1\.1 404 /);
    assert.match(answer, /X-Request-Id: req_/);
    assert.match(answer, /"code":"NOT_FOUND"/);
  });

  it('answers a target in absolute form like any other', async () => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    socket.end(`GET ${api.url}/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    await once(socket, 'close');
    assert.match(answer, /^HTTP\/1\.1 200 /);
  });

  it('asks for the scope also where a kill is repeated', async () => {
    const victim = await createTestKey(api.database, admin.organizationId);
    const reader = await createTestKey(api.database, admin.organizationId, { scopes: ['jobs:read'] });
    const url = `${api.url}/v1/api-keys/${await whoIs(victim)}/kill`;
    const headers = { 'Idempotency-Key': 'kill it' };
    assert.equal((await call(url, { method: 'POST', key: admin.key, headers })).status, 200);
    const repeated = await call(url, { method: 'POST', key: reader, headers });
    assert.deepEqual([repeated.status, repeated.body.error.code], [403, 'FORBIDDEN_SCOPE']);
  });

  it('changes nothing under an If-Match that names no version', async () => {
    const { influencerId } = await createInfluencer(api, admin);
    const url = `${api.url}/v1/influencers/${influencerId}`;
    for (const held of ['', ',', '""']) {
      const body = { vibe: 'overwritten' };
      const reply = await call(url, { method: 'PATCH', key: admin.key, body, headers: { 'If-Match': held } });
      assert.deepEqual([reply.status, reply.body.error.code], [412, 'PRECONDITION_FAILED'], held);
    }
  });

  it('starts no more jobs at once than may run, while none of them has started yet', async () => {
    const tenant = await createTenant(api.database);
    await query(api.database, `update organizations set tier = 'standard' where id = :organizationId`, { ...tenant });
    const keys = await Promise.all([1, 2].map(() => createTestKey(api.database, tenant.organizationId)));
    for (const key of keys) {
      for (let i = 0; i < 13; i++) {
        const body = { name: `Burst ${String(i)}` };
        assert.equal((await call(`${api.url}/v1/projects/${tenant.projectId}/influencers`, { key, body })).status, 202);
      }
    }
    const [row] = await query<{ claimed: number; held: number }>(
      api.database,
      `select count(*) filter (where claimed_until is not null)::integer as claimed,
              count(*) filter (where claimed_until is null)::integer as held
       from jobs where organization_id = :organizationId`,
      { ...tenant },
    );
    assert.deepEqual(row, { claimed: 20, held: 6 });
  });
});
