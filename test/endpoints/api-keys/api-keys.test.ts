import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { formatId } from '../../../src/domain/ids.ts';
import { call, createTenant, createTestKey, startTestApi, type Reply, type TestApi } from '../../support/api.ts';
import type { Tenant } from '../../support/api.ts';
import { unknownId } from '../../support/builders.ts';
import { until } from '../../support/eventually.ts';
import { assertRefused, brokenRulesOf, withoutTrace } from '../../support/refusals.ts';

const invalidKey = { status: 401, code: 'UNAUTHENTICATED', message: 'The API key is not valid.' } as const;
const killed = { status: 503, code: 'KILL_SWITCH', message: 'This API key has been killed.' } as const;
const gone = { status: 404, code: 'NOT_FOUND', message: 'API key not found.' } as const;

describe('API keys', () => {
  let api: TestApi;
  let tenant: Tenant;
  let admin: string;

  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api.database);
    admin = await createTestKey(api.database, tenant.organizationId, { scopes: ['*', 'org:admin'] });
  });

  const post = (
    path: string,
    key: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ) => call(`${api.url}/v1/api-keys${path}`, { method: 'POST', key, body, headers });
  const mint = (fields: Record<string, unknown> = {}, headers: Record<string, string> = {}): Promise<Reply> =>
    post('', admin, { body: { name: 'Service', scopes: ['projects:write'], env: 'live', ...fields }, headers });
  const made = async (fields: Record<string, unknown> = {}) => {
    const reply = await mint(fields);
    assert.equal(reply.status, 201);
    return reply.body as { apiKeyId: string; secret: string };
  };
  const remove = (id: string, key = admin, headers: Record<string, string> = {}) =>
    call(`${api.url}/v1/api-keys/${id}`, { method: 'DELETE', key, headers });
  const list = (query = '', key = admin) => call(`${api.url}/v1/api-keys${query}`, { key });
  const whoAmI = (key: string) => call(`${api.url}/v1/whoami`, { key });
  const idOf = async (key: string) => (await whoAmI(key)).body.apiKeyId as string;
  const store = (key: string, name = 'x') => call(`${api.url}/v1/projects`, { key, body: { name, timezone: 'UTC' } });
  const listed = async (id: string) =>
    ((await list()).body.items as { apiKeyId: string; state: string }[]).find(({ apiKeyId }) => apiKeyId === id);

  describe('GET /v1/whoami', () => {
    it('tells whose key it is, to a key of any scope', async () => {
      const key = await createTestKey(api.database, tenant.organizationId, {
        scopes: ['jobs:cancel', 'webhooks:read'],
        environment: 'test',
      });
      const { status, body } = await whoAmI(key);
      const { apiKeyId, ...rest } = body;
      assert.equal(status, 200);
      assert.match(apiKeyId as string, /^key_/);
      assert.deepEqual(rest, {
        organizationId: formatId('organization', tenant.organizationId),
        organizationName: 'Tests',
        scopes: ['jobs:cancel', 'webhooks:read'],
        environment: 'test',
        rateLimitTier: 'internal',
      });
    });

    it('tells a change of tier within a second', async () => {
      await whoAmI(admin);
      await api.database('organizations').where({ id: tenant.organizationId }).update({ tier: 'partner' });
      await until('the tier is told', async () => (await whoAmI(admin)).body.rateLimitTier === 'partner', {
        withinMs: 2_000,
      });
    });
  });

  describe('POST /v1/api-keys', () => {
    it('refuses a hundred-and-first key that lives, however many come at a time', async () => {
      const keys = await Promise.all(
        Array.from({ length: 97 }, () => createTestKey(api.database, tenant.organizationId)),
      );
      const replies = await Promise.all(Array.from({ length: 4 }, () => mint()));
      assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 409, 409, 409]);
      assertRefused(replies.find(({ status }) => status === 409) ?? assert.fail(), {
        status: 409,
        code: 'CONFLICT',
        message: 'An organization has at most 100 API keys that live.',
        details: { limit: 'api_keys' },
      });
      const [one = ''] = keys;
      assert.equal((await post(`/${await idOf(one)}/kill`, one)).status, 200);
      assert.equal((await mint()).status, 201);
    });

    it('makes a key that does what its scopes allow, in its environment', async () => {
      const expiresAt = '2099-01-02T03:04:05.000+01:00';
      const reply = await mint({ scopes: ['projects:write', 'jobs:read'], env: 'test', expiresAt });
      assert.equal(reply.status, 201);
      const { secret, apiKeyId, prefix, createdAt, ...rest } = reply.body;
      assert.deepEqual(rest, {
        name: 'Service',
        scopes: ['projects:write', 'jobs:read'],
        environment: 'test',
        state: 'live',
        expiresAt: '2099-01-02T02:04:05.000Z',
        lastRotatedAt: null,
        killedAt: null,
      });
      assert.match(secret as string, /^lp_test_[a-z2-7]{16}_[A-Za-z0-9_-]{43}$/);
      assert.equal(prefix, (secret as string).slice(0, 24));
      assert.equal(new Date(createdAt as string).toISOString(), createdAt);
      assert.equal((await whoAmI(secret as string)).body.apiKeyId, apiKeyId);
      assert.deepEqual((await store(secret as string)).body.environment, 'test');
      const forbidden = await call(`${api.url}/v1/api-keys`, { key: secret as string });
      assert.equal(forbidden.body.error.code, 'FORBIDDEN_SCOPE');
    });

    it('may give scopes that the maker lacks: whoever administrates keys could have them anyway', async () => {
      const narrow = await createTestKey(api.database, tenant.organizationId, { scopes: ['org:admin'] });
      const body = { name: 'Wide', scopes: ['*', 'org:admin'], env: 'live' };
      assert.equal((await post('', narrow, { body })).status, 201);
    });

    it('stores no secret, and shows none to a repeat under the same Idempotency-Key', async () => {
      const headers = { 'Idempotency-Key': randomUUID() };
      const first = await mint({}, headers);
      const second = await mint({}, headers);
      assert.deepEqual([second.status, second.headers.get('idempotent-replayed')], [201, 'true']);
      assert.deepEqual(second.body, { ...first.body, secret: null });
      const random = (first.body.secret as string).slice(-43);
      for (const table of ['api_keys', 'idempotency_keys']) {
        assert.ok(!JSON.stringify(await api.database(table)).includes(random), table);
      }
      assert.equal((await whoAmI(first.body.secret as string)).status, 200);
    });

    it('refuses what breaks a rule, and makes no key', async () => {
      for (const [fields, rule] of [
        [{ name: '' }, ['body.name', 'minLength']],
        [{ name: 'x'.repeat(129) }, ['body.name', 'maxLength']],
        [{ name: '\0' }, ['body.name', 'pattern']],
        [{ scopes: [] }, ['body.scopes', 'minItems']],
        [{ scopes: ['jobs:read', 'jobs:read'] }, ['body.scopes', 'uniqueItems']],
        [{ scopes: ['everything'] }, ['body.scopes.0', 'enum']],
        [{ scopes: '*' }, ['body.scopes', 'type']],
        [{ env: 'prod' }, ['body.env', 'enum']],
        [{ env: undefined }, ['body.env', 'required']],
        [{ expiresAt: '2020-01-01T00:00:00Z' }, ['body.expiresAt', 'future']],
        [{ expiresAt: new Date().toISOString() }, ['body.expiresAt', 'future']],
        [{ expiresAt: '2099-02-30T00:00:00Z' }, ['body.expiresAt', 'format']],
        [{ expiresAt: '2099-01-01' }, ['body.expiresAt', 'format']],
        [{ expiresAt: null }, ['body.expiresAt', 'type']],
        [{ secret: 'x' }, ['body.secret', 'additionalProperties']],
        [{ apiKeyId: unknownId('apiKey') }, ['body.apiKeyId', 'additionalProperties']],
      ] as const) {
        const reply = await withoutTrace(api.database, () => mint(fields));
        assert.equal(reply.status, 422, JSON.stringify(fields));
        assert.deepEqual(brokenRulesOf(reply), [rule], JSON.stringify(fields));
      }
    });

    it('makes keys that end when they said: as if they had never been', async () => {
      const { apiKeyId, secret } = await made({ expiresAt: new Date(Date.now() + 600).toISOString() });
      await until('the key has expired', async () => (await whoAmI(secret)).status === 401, { withinMs: 3_000 });
      assertRefused(await store(secret), invalidKey);
      assert.equal((await listed(apiKeyId))?.state, 'expired');
    });
  });

  describe('GET /v1/api-keys', () => {
    it('shows the keys of both environments, and nothing that could be called with', async () => {
      const test = await made({ env: 'test' });
      const { status, body } = await list();
      assert.equal(status, 200);
      assert.equal((body.items as unknown[]).length, 3);
      assert.ok((await listed(test.apiKeyId)) !== undefined);
      for (const key of [admin, tenant.key, test.secret]) {
        assert.ok(!JSON.stringify(body).includes(key.slice(-43)));
        assert.ok(JSON.stringify(body).includes(key.slice(0, 24)));
      }
      assert.ok(!/sha256|secret/i.test(JSON.stringify(body)));
    });

    it('shows a key what every other admin of the organization sees, from either environment, and no other organization', async () => {
      const test = await createTestKey(api.database, tenant.organizationId, {
        scopes: ['org:admin'],
        environment: 'test',
      });
      assert.deepEqual((await list('', test)).body, (await list()).body);
      const other = await createTenant(api.database, { scopes: ['org:admin'] });
      assert.equal((await list('', other.key)).body.items.length, 1);
    });

    it('gives every key once, page by page, and refuses a cursor of another organization', async () => {
      for (let count = 0; count < 3; count++) await made();
      const whole = (await list()).body.items as { apiKeyId: string }[];
      const seen: unknown[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await list(`?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
        seen.push(...(page.body.items as unknown[]));
        cursor = page.body.nextCursor as string | null;
      }
      assert.deepEqual(seen, whole);
      const other = await createTenant(api.database, { scopes: ['org:admin'] });
      const cursor = String((await list('?limit=1')).body.nextCursor);
      assert.deepEqual(brokenRulesOf(await list(`?cursor=${cursor}`, other.key)), [['query.cursor', 'cursor']]);
    });
  });

  describe('POST /v1/api-keys/:apiKeyId/rotate', () => {
    it('gives another secret, and the old one stores nothing from then on', async () => {
      const { apiKeyId, secret } = await made();
      assert.equal((await store(secret)).status, 201);
      const { status, body } = await post(`/${apiKeyId}/rotate`, admin);
      assert.equal(status, 200);
      assert.notEqual(body.secret, secret);
      assert.ok((body.lastRotatedAt as string) >= (body.createdAt as string));
      assertRefused(await store(secret), invalidKey);
      await until('the old secret reads nothing', async () => (await whoAmI(secret)).status === 401, {
        withinMs: 1_500,
      });
      assert.equal((await store(body.secret as string)).status, 201);
      const { secret: _, ...record } = body;
      assert.deepEqual(await listed(apiKeyId), record);
    });

    it('keeps answers under an Idempotency-Key, for whoever holds the new secret', async () => {
      const { apiKeyId, secret } = await made({ scopes: ['*'] });
      const headers = { 'Idempotency-Key': randomUUID() };
      const body = { name: 'x', timezone: 'UTC' };
      const first = await call(`${api.url}/v1/projects`, { key: secret, body, headers });
      const rotated = await post(`/${apiKeyId}/rotate`, admin);
      const again = await call(`${api.url}/v1/projects`, { key: rotated.body.secret as string, body, headers });
      assert.deepEqual([again.body, again.headers.get('idempotent-replayed')], [first.body, 'true']);
    });

    it('rotates once under an Idempotency-Key, and shows no secret again', async () => {
      const { apiKeyId } = await made();
      const headers = { 'Idempotency-Key': randomUUID() };
      const replies = await Promise.all([1, 2, 3].map(() => post(`/${apiKeyId}/rotate`, admin, { headers })));
      const secrets = replies.map(({ body }) => body.secret as string | null).filter((secret) => secret !== null);
      assert.equal(secrets.length, 1);
      assert.equal((await store(String(secrets[0]))).status, 201);
    });

    it('lets a key rotate itself', async () => {
      const { status, body } = await post(`/${await idOf(admin)}/rotate`, admin);
      assert.equal(status, 200);
      assertRefused(await store(admin), invalidKey);
      assert.equal((await list('', body.secret as string)).status, 200);
    });

    it('refuses a key that is killed or has expired, and one that is not there', async () => {
      const { apiKeyId } = await made();
      await post(`/${apiKeyId}/kill`, admin);
      const conflict = { status: 409, code: 'CONFLICT' } as const;
      assertRefused(await post(`/${apiKeyId}/rotate`, admin), { ...conflict, message: 'The API key has been killed.' });
      await api
        .database('api_keys')
        .where({ name: 'Service' })
        .update({ expires_at: new Date(0) });
      assertRefused(await post(`/${apiKeyId}/rotate`, admin), { ...conflict, message: 'The API key has expired.' });
      assertRefused(await post(`/${unknownId('apiKey')}/rotate`, admin), gone);
    });

    it('leaves one secret that works after ten rotations at once', async () => {
      const { apiKeyId } = await made();
      const replies = await Promise.all(Array.from({ length: 10 }, () => post(`/${apiKeyId}/rotate`, admin)));
      const stored = await Promise.all(replies.map(({ body }) => store(body.secret as string)));
      assert.deepEqual(stored.map(({ status }) => status).sort(), [201, ...Array.from({ length: 9 }, () => 401)]);
    });
  });

  describe('POST /v1/api-keys/:apiKeyId/kill', () => {
    it('stops a key, and tells whoever uses it', async () => {
      const { apiKeyId, secret } = await made({ scopes: ['*'] });
      await whoAmI(secret);
      const { status, body } = await post(`/${apiKeyId}/kill`, admin);
      assert.deepEqual([status, body.state], [200, 'killed']);
      assertRefused(await store(secret), killed);
      await until('it reads nothing', async () => (await whoAmI(secret)).status === 503, { withinMs: 1_500 });
      assert.deepEqual(await listed(apiKeyId), body);
      assert.deepEqual((await post(`/${apiKeyId}/kill`, admin)).body, body);
    });

    it('lets any key kill itself, and no other one without org:admin, be it there or not', async () => {
      const { apiKeyId, secret } = await made({ scopes: ['webhooks:read'] });
      const required = { details: { required: 'org:admin' }, message: 'The API key lacks the scope org:admin.' };
      for (const id of [await idOf(admin), unknownId('apiKey')]) {
        const reply = await post(`/${id}/kill`, secret);
        assertRefused(reply, { status: 403, code: 'FORBIDDEN_SCOPE', ...required });
      }
      assert.equal((await post(`/${apiKeyId.toLowerCase()}/kill`, secret)).status, 200);
      assertRefused(await post(`/${apiKeyId}/kill`, secret), killed);
    });

    it('kills once when a key kills itself ten times at once, and answers the rest that it is killed', async () => {
      const { apiKeyId, secret } = await made();
      const replies = await Promise.all(Array.from({ length: 10 }, () => post(`/${apiKeyId}/kill`, secret)));
      assert.deepEqual(replies.map(({ status }) => status).sort(), [200, ...Array.from({ length: 9 }, () => 503)]);
      for (const reply of replies) if (reply.status === 503) assertRefused(reply, killed);
    });

    it('lets one of two keys win that kill each other', async () => {
      const other = await createTestKey(api.database, tenant.organizationId, { scopes: ['org:admin'] });
      const ids = [await idOf(admin), await idOf(other)];
      const replies = await Promise.all([
        post(`/${String(ids[1])}/kill`, admin),
        post(`/${String(ids[0])}/kill`, other),
      ]);
      assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 503]);
    });

    it('kills the last admin, too', async () => {
      assert.equal((await post(`/${await idOf(admin)}/kill`, admin)).status, 200);
      assertRefused(await store(admin), killed);
    });

    for (const [what, end] of [
      ['killed', (id: string) => post(`/${id}/kill`, admin)],
      ['rotated', (id: string) => post(`/${id}/rotate`, admin)],
      ['deleted', (id: string) => remove(id)],
    ] as const) {
      it(`stores nothing with a busy key once it is answered that it is ${what}, and not much until then`, async () => {
        const { apiKeyId, secret } = await made();
        let isEnded = false;
        let acceptedLate = 0;
        let accepted = 0;
        const callers = Array.from({ length: 20 }, async () => {
          for (;;) {
            const wasEnded = isEnded; // when the request went out
            const { status } = await store(secret, `by ${apiKeyId}`);
            if (status !== 201) return status;
            accepted++;
            if (wasEnded) acceptedLate++;
          }
        });
        await until('the key is busy', () => accepted > 40);
        const { status } = await end(apiKeyId);
        const [{ now }] = (await api.database.raw<{ rows: [{ now: Date }] }>('select clock_timestamp() as now')).rows;
        isEnded = true;
        assert.equal(status, 200);
        assert.deepEqual(new Set(await Promise.all(callers)), new Set([what === 'killed' ? 503 : 401]));
        assert.equal(acceptedLate, 0);
        const rows = await api
          .database<{ name: string; created_at: Date }>('projects')
          .where({ name: `by ${apiKeyId}` });
        assert.equal(rows.length, accepted);
        for (const { created_at } of rows) assert.ok(created_at <= now);
      });
    }
  });

  describe('DELETE /v1/api-keys/:apiKeyId', () => {
    it('makes a key as if it had never been', async () => {
      const { apiKeyId, secret } = await made();
      await whoAmI(secret);
      const { status, body } = await remove(apiKeyId);
      assert.equal(status, 200);
      assert.deepEqual(body, { apiKeyId, state: 'deleted', deletedAt: body.deletedAt });
      assertRefused(await store(secret), invalidKey);
      await until('it reads nothing', async () => (await whoAmI(secret)).status === 401, { withinMs: 1_500 });
      assert.equal(await listed(apiKeyId), undefined);
      for (const reply of [
        await remove(apiKeyId),
        await post(`/${apiKeyId}/kill`, admin),
        await post(`/${apiKeyId}/rotate`, admin),
      ]) {
        assertRefused(reply, gone);
      }
    });

    it('makes a killed key as if it had never been, too', async () => {
      const { apiKeyId, secret } = await made();
      await post(`/${apiKeyId}/kill`, admin);
      assert.equal((await remove(apiKeyId)).status, 200);
      await until('it is unknown', async () => (await whoAmI(secret)).status === 401, { withinMs: 1_500 });
    });

    it('refuses the last key that may administrate keys, also of two that go at once', async () => {
      const last = { status: 409, code: 'CONFLICT', message: 'This is the last API key with org:admin.' } as const;
      const adminId = await idOf(admin);
      assertRefused(await remove(adminId), last);
      const expired = await made({ scopes: ['org:admin'], expiresAt: new Date(Date.now() + 500).toISOString() });
      const dead = await made({ scopes: ['org:admin'] });
      await post(`/${dead.apiKeyId}/kill`, admin);
      await until('it has expired', async () => (await listed(expired.apiKeyId))?.state === 'expired');
      assertRefused(await remove(adminId), last);
      const second = await made({ scopes: ['org:admin'] });
      const replies = await Promise.all([remove(adminId), remove(second.apiKeyId, second.secret)]);
      assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 409]);
      assert.equal((await remove(dead.apiKeyId, replies[0].status === 200 ? second.secret : admin)).status, 200);
    });
  });

  it('does not reach keys of another organization', async () => {
    const other = await createTenant(api.database);
    const id = await idOf(other.key);
    for (const reply of [await post(`/${id}/kill`, admin), await post(`/${id}/rotate`, admin), await remove(id)]) {
      assertRefused(reply, gone);
    }
    assert.equal((await store(other.key)).status, 201);
  });
});
