// What every endpoint owes its callers. It reads the list of endpoints, so that a new one is held to it as well.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { allows, scopes } from '../../src/domain/scopes.ts';
import { endpoints } from '../../src/endpoints/index.ts';
import { pathParamsOf } from '../../src/http/validation.ts';
import {
  call,
  createTenant,
  createTestKey,
  startTestApi,
  type CallOptions,
  type Reply,
  type Tenant,
  type TestApi,
} from '../support/api.ts';
import { createInfluencer, type Created } from '../support/builders.ts';
import { assertRefused, brokenRulesOf, withoutTrace } from '../support/refusals.ts';

describe('every endpoint', () => {
  let api: TestApi;
  let tenant: Tenant;
  let created: Created;

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
  });
  after(() => api.close());
  beforeEach(async () => {
    created = await createInfluencer(api, tenant);
  });

  const things = () => new Map(Object.entries({ ...created, projectId: tenant.projectId }));
  const otherKey = async () => (await createTenant(api.database)).key;
  const otherEnvironmentKey = () => createTestKey(api.database, tenant.organizationId, { environment: 'test' });
  const notFound = ['NOT_FOUND', 404];

  for (const endpoint of endpoints) {
    const method = endpoint.method.toUpperCase();
    const params = pathParamsOf(endpoint.path);
    const example = (endpoint.body as { examples?: unknown[] } | undefined)?.examples?.[0];

    const send = (options: CallOptions, ids: ReadonlyMap<string, string> = things()): Promise<Reply> => {
      const path = endpoint.path.replaceAll(
        /:(\w+)/g,
        (_, name: string) => ids.get(name) ?? assert.fail(`this test has no ${name}: give it one in things()`),
      );
      return call(`${api.url}${path}`, {
        method,
        ...(endpoint.body === undefined ? {} : { body: example }),
        ...options,
      });
    };
    const refused = (options: CallOptions): Promise<Reply> => withoutTrace(api.database, () => send(options));

    describe(`${method} ${endpoint.path}`, () => {
      const unauthenticated = (reply: Reply, message: string) => {
        assertRefused(reply, { status: 401, code: 'UNAUTHENTICATED', message });
        assert.equal(reply.headers.get('www-authenticate'), 'Bearer realm="doppel"');
      };

      it('has an example of its body that it accepts, with a key that has just its scope', async () => {
        const key = await createTestKey(api.database, tenant.organizationId, { scopes: [endpoint.scope] });
        assert.equal(example === undefined, endpoint.body === undefined);
        const { status } = await send({ key });
        assert.ok(status in endpoint.replies, String(status));
      });

      it('refuses a request without a key', async () => {
        const message = 'Send an API key, as X-Api-Key or as Authorization: Bearer.';
        unauthenticated(await refused({}), message);
        for (const authorization of ['', 'Bearer', 'Bearer ', `Basic ${tenant.key}`, tenant.key]) {
          unauthenticated(await refused({ headers: { Authorization: authorization } }), message);
        }
      });

      it('refuses a key that is malformed, unknown, has another secret or another environment, in the same words', async () => {
        const [, environment = '', lookup = '', secret = ''] = /^lp_([a-z]+)_([a-z2-7]+)_(.+)$/.exec(tenant.key) ?? [];
        const otherSecret = randomBytes(32).toString('base64url');
        for (const key of [
          'x',
          secret,
          `${tenant.key} `.repeat(2),
          `${tenant.key}x`,
          tenant.key.slice(0, -1),
          tenant.key.toUpperCase(),
          `lp_${environment}_${lookup}_${otherSecret}`,
          `lp_${environment}_${'a'.repeat(16)}_${secret}`,
          `lp_test_${lookup}_${secret}`,
          `lp_prod_${lookup}_${secret}`,
        ]) {
          unauthenticated(await refused({ key }), 'The API key is not valid.');
        }
      });

      it('takes the key from either header, and X-Api-Key where both are there', async () => {
        const bearer = (key: string) => ({ headers: { Authorization: `Bearer ${key}` } });
        assert.ok((await send(bearer(tenant.key))).status in endpoint.replies);
        assert.ok((await send({ headers: { authorization: `bearer ${tenant.key}` } })).status in endpoint.replies);
        assert.ok((await send({ key: tenant.key, ...bearer('x') })).status in endpoint.replies);
        unauthenticated(await refused({ key: 'x', ...bearer(tenant.key) }), 'The API key is not valid.');
      });

      it('refuses a key that has every scope but those that allow it, and names the scope, whatever the body', async () => {
        const others = scopes.filter((scope) => !allows([scope], endpoint.scope));
        const key = await createTestKey(api.database, tenant.organizationId, { scopes: others });
        for (const options of endpoint.body === undefined ? [{ key }] : [{ key }, { key, body: '{' }]) {
          assertRefused(await refused(options), {
            status: 403,
            code: 'FORBIDDEN_SCOPE',
            message: `The API key lacks the scope ${endpoint.scope}.`,
            details: { required: endpoint.scope },
          });
        }
      });

      it('names each request anew, whatever the caller calls it', async () => {
        const headers = { 'X-Request-Id': 'req_01JMB9G3W6X5Q2R8T4V7Y0Z1AB' };
        const replies = [await send({ key: tenant.key, headers }), await send({ key: tenant.key, headers })];
        const ids = replies.map((reply) => reply.headers.get('x-request-id'));
        assert.equal(new Set([...ids, headers['X-Request-Id']]).size, 3);
      });

      it('refuses methods that its path does not take, and says which it takes', async () => {
        const taken = endpoints
          .filter(({ path }) => path === endpoint.path)
          .flatMap((one) => (one.method === 'get' ? ['GET', 'HEAD'] : [one.method.toUpperCase()]));
        for (const other of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'].filter(
          (one) => !taken.includes(one),
        )) {
          const reply = await refused({ method: other });
          assert.deepEqual([reply.status, reply.body.error.code], [405, 'METHOD_NOT_ALLOWED'], other);
          assert.deepEqual(reply.headers.get('allow')?.split(', ').sort(), taken.sort());
        }
      });

      it('knows its path only as it is written', async () => {
        for (const path of [`${endpoint.path}/`, endpoint.path.toUpperCase(), `/${endpoint.path}`]) {
          const reply = await withoutTrace(api.database, () => call(`${api.url}${path}`, { method, key: tenant.key }));
          assert.deepEqual([reply.body.error.code, reply.status], notFound, path);
        }
      });

      if (params.length > 0) {
        it('shows nothing to a key of another organization or of the other environment: as if there were nothing', async () => {
          const never = new Map(params.map((param) => [param, '00000000-0000-4000-8000-000000000000']));
          const { body: expected } = await send({ key: tenant.key }, never);
          assert.equal(expected.error.code, 'NOT_FOUND');
          for (const key of [await otherKey(), await otherEnvironmentKey()]) {
            const reply = await refused({ key });
            assertRefused(reply, { status: 404, code: 'NOT_FOUND', message: expected.error.message });
          }
        });

        it('refuses malformed ids', async () => {
          const malformed = new Map(params.map((param) => [param, 'me']));
          const reply = await withoutTrace(api.database, () => send({ key: tenant.key }, malformed));
          assert.equal(reply.status, 422);
          assert.deepEqual(
            brokenRulesOf(reply),
            params.map((param) => [`path.${param}`, 'pattern']),
          );
        });
      }

      if (endpoint.body !== undefined) {
        it('refuses a body that is no JSON, missing, too large, or of another type', async () => {
          const bodies: [number, string, CallOptions][] = [
            [400, 'VALIDATION', { body: '{' }],
            [400, 'VALIDATION', { body: '' }],
            [400, 'VALIDATION', { body: undefined }],
            [413, 'PAYLOAD_TOO_LARGE', { body: ' '.repeat(1024 * 1024 + 1) }],
            [415, 'UNSUPPORTED_MEDIA_TYPE', { headers: { 'Content-Type': 'text/plain' } }],
          ];
          for (const [status, code, options] of bodies) {
            const reply = await refused({ key: tenant.key, ...options });
            assert.deepEqual([reply.status, reply.body.error.code], [status, code]);
          }
        });

        it('refuses an unknown field', async () => {
          const reply = await refused({ key: tenant.key, body: { ...(example as object), doppel: 1 } });
          assert.equal(reply.status, 422);
          assert.deepEqual(brokenRulesOf(reply), [['body.doppel', 'additionalProperties']]);
        });
      }
    });
  }
});
