// What every endpoint owes its callers. It reads the list of endpoints, so that a new one is held to it as well.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { query } from '../../src/db/database.ts';
import { formatId, parseId } from '../../src/domain/ids.ts';
import { allows, scopes } from '../../src/domain/scopes.ts';
import { endpoints } from '../../src/endpoints/index.ts';
import { pathParamsOf } from '../../src/http/validation.ts';
import {
  call,
  createTenant,
  createTestKey,
  startTestApi,
  testSigningKey,
  type CallOptions,
  type Reply,
  type Tenant,
  type TestApi,
} from '../support/api.ts';
import { addImage, createInfluencer, type Created } from '../support/builders.ts';
import { recordingLog } from '../support/log.ts';
import { putExampleUpload } from '../support/uploads.ts';
import { assertRefused, brokenRulesOf, withoutTrace } from '../support/refusals.ts';
import { insertDelivery, insertEndpoint } from '../support/webhooks.ts';

describe('every endpoint', () => {
  it('asks for a scope, but what tells a key of itself and what lets it kill itself', () => {
    const open = endpoints.filter(({ scope }) => scope === null).map(({ operationId }) => operationId);
    assert.deepEqual(open.sort(), ['killApiKey', 'whoAmI']);
  });

  it('that changes something asks for more than a scope to read', () => {
    for (const { operationId, method, scope } of endpoints) {
      if (scope !== null && scope !== 'org:admin') assert.equal(scope.endsWith(':read'), method === 'get', operationId);
    }
  });

  let log: ReturnType<typeof recordingLog>;
  let api: TestApi;
  let tenant: Tenant;
  let created: Created;
  /** Of a job that has failed, for those that cannot do with one that runs. */
  let failedJobId: string;
  let assetId: string;
  let apiKeyId: string;
  let webhookEndpointId: string;
  let webhookDeliveryId: string;

  before(async () => {
    log = recordingLog();
    api = await startTestApi({ log: log.log });
    tenant = await createTenant(api.database, { scopes: ['*', 'org:admin'] });
    await putExampleUpload(api, tenant);
  });
  after(() => api.close());
  /** Makes what paths name: some of it is gone once it was asked for. */
  const makeThings = async () => {
    const project = `${api.url}/v1/projects/${tenant.projectId}`;
    await call(project, { method: 'PATCH', key: tenant.key, body: { status: 'active' } });
    await api
      .database('api_keys')
      .where({ organization_id: tenant.organizationId, deleted_at: null })
      .whereNot({ id: parseId('apiKey', await idOf(tenant.key)) })
      .update({ deleted_at: new Date() }); // a hundred may live
    apiKeyId = await idOf(await createTestKey(api.database, tenant.organizationId));
    ({ jobId: failedJobId } = await createInfluencer(api, tenant));
    await api
      .database('jobs')
      .where({ id: parseId('job', failedJobId) })
      .update({
        status: 'failed',
        stage: null,
        finished_at: new Date(),
        error: { code: 'RENDER_FAILED', message: 'no pencil', retryable: true, details: null },
      });
    created = await createInfluencer(api, tenant);
    assetId = await addImage(api.database, created.influencerId, { role: 'uploaded' });
    await api.database('webhook_deliveries').delete();
    await api.database('webhook_endpoints').delete(); // there may be fifty
    const endpoint = await insertEndpoint(api.database, tenant);
    webhookEndpointId = formatId('webhookEndpoint', endpoint.id);
    const { deliveryId } = await insertDelivery(api.database, endpoint, 'delivered');
    webhookDeliveryId = formatId('webhookDelivery', deliveryId);
  };
  beforeEach(makeThings);

  const idOf = async (key: string): Promise<string> =>
    (await call(`${api.url}/v1/whoami`, { key })).body.apiKeyId as string;
  const things = (operationId: string) =>
    new Map(
      Object.entries({
        ...created,
        ...(operationId === 'retryJob' ? { jobId: failedJobId } : {}),
        assetId,
        apiKeyId,
        webhookEndpointId,
        webhookDeliveryId,
        projectId: tenant.projectId,
      }),
    );
  const otherKey = async () => (await createTenant(api.database, { scopes: ['*', 'org:admin'] })).key;
  const otherEnvironmentKey = () => createTestKey(api.database, tenant.organizationId, { environment: 'test' });
  const notFound = ['NOT_FOUND', 404];

  for (const endpoint of endpoints) {
    const method = endpoint.method.toUpperCase();
    const params = pathParamsOf(endpoint.path);
    const example = (endpoint.body as { examples?: unknown[] } | undefined)?.examples?.[0];

    const send = (
      options: CallOptions,
      ids: ReadonlyMap<string, string> = things(endpoint.operationId),
    ): Promise<Reply> => {
      const path = endpoint.path.replaceAll(
        /:(\w+)/g,
        (_, name: string) =>
          ids.get(name) ?? assert.fail(`this test has no ${name}: give it one in things(endpoint.operationId)`),
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
        const key = await createTestKey(api.database, tenant.organizationId, {
          // Some ask in the handler: a key may do that to itself.
          scopes: [endpoint.scope ?? (endpoint.errors.includes('FORBIDDEN_SCOPE') ? 'org:admin' : 'jobs:read')],
        });
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

      it('refuses a key that was killed, has expired, or is deleted', async () => {
        const keyWith = async (change: string) => {
          const key = await createTestKey(api.database, tenant.organizationId, { scopes: ['*', 'org:admin'] });
          await query(api.database, `update api_keys set ${change} where lookup = :lookup`, {
            lookup: key.split('_')[2],
          });
          return key;
        };
        assertRefused(await refused({ key: await keyWith('killed_at = now()') }), {
          status: 503,
          code: 'KILL_SWITCH',
          message: 'This API key has been killed.',
        });
        for (const change of [`expires_at = now() - interval '1 second'`, 'deleted_at = now()']) {
          unauthenticated(await refused({ key: await keyWith(change) }), 'The API key is not valid.');
        }
      });

      it('may be called with the scope * where it is not for administrators', async () => {
        const key = await createTestKey(api.database, tenant.organizationId, { scopes: ['*'] });
        const { status, body } = await send({ key });
        const isForAdmins = endpoint.scope === 'org:admin' || endpoint.errors.includes('FORBIDDEN_SCOPE');
        if (isForAdmins) assert.deepEqual([status, body.error.code], [403, 'FORBIDDEN_SCOPE']);
        else assert.ok(status in endpoint.replies, String(status));
      });

      it('takes the key from either header, and X-Api-Key where both are there', async () => {
        const bearer = (key: string) => ({ headers: { Authorization: `Bearer ${key}` } });
        for (const options of [
          bearer(tenant.key),
          { headers: { authorization: `bearer ${tenant.key}` } },
          { key: tenant.key, ...bearer('x') },
        ]) {
          await makeThings();
          assert.ok((await send(options)).status in endpoint.replies);
        }
        unauthenticated(await refused({ key: 'x', ...bearer(tenant.key) }), 'The API key is not valid.');
      });

      const { scope } = endpoint;
      if (scope !== null) {
        it('refuses a key that has every scope but those that allow it, and names the scope, whatever the body', async () => {
          const others = scopes.filter((one) => !allows([one], scope));
          const key = await createTestKey(api.database, tenant.organizationId, { scopes: others });
          for (const options of endpoint.body === undefined ? [{ key }] : [{ key }, { key, body: '{' }]) {
            assertRefused(await refused(options), {
              status: 403,
              code: 'FORBIDDEN_SCOPE',
              message: `The API key lacks the scope ${scope}.`,
              details: { required: scope },
            });
          }
        });
      }

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

      it('tells its methods to OPTIONS, without a key', async () => {
        const reply = await refused({ method: 'OPTIONS', body: undefined });
        assert.ok(reply.status < 300, String(reply.status));
        assert.ok(reply.headers.get('allow')?.split(', ').includes(method));
      });

      it('tells no secret, in its answer or the log, but the one that it makes', async () => {
        const logged = log.text().length;
        const { body, headers } = await send({
          key: tenant.key,
          headers: { 'Idempotency-Key': randomBytes(8).toString('hex') },
        });
        const made: unknown = endpoint.secret === undefined ? undefined : body[endpoint.secret];
        assert.equal(typeof made, endpoint.secret === undefined ? 'undefined' : 'string');
        const rows = await query<{ secret: Buffer }>(
          api.database,
          `select secret_sha256 as secret from api_keys
           union all select secret from webhook_endpoints where secret is not null
           union all select previous_secret from webhook_endpoints where previous_secret is not null`,
        );
        const secrets = [
          ...rows.flatMap(({ secret }) => (['hex', 'base64', 'base64url'] as const).map((as) => secret.toString(as))),
          ...[tenant.key, tenant.key.split('_').slice(3).join('_'), testSigningKey.secret, api.databaseUrl],
        ];
        const { [endpoint.secret ?? '']: _, ...rest } = (body ?? {}) as Record<string, unknown>;
        const told = JSON.stringify([rest, [...headers]]) + log.text().slice(logged);
        for (const secret of [...secrets, ...(typeof made === 'string' ? [made] : [])]) {
          assert.ok(!told.includes(secret), `${secret} in ${told}`);
        }
      });

      it('lets nobody keep what it answers without asking again', async () => {
        for (const reply of [await send({ key: tenant.key }), await refused({})]) {
          assert.match(reply.headers.get('cache-control') ?? '', /^(no-store|private, no-cache)$/);
        }
      });

      if (endpoint.method === 'get') {
        it('answers HEAD like GET, without a body', async () => {
          const [head, get] = [await send({ key: tenant.key, method: 'HEAD' }), await send({ key: tenant.key })];
          assert.equal(head.body, undefined);
          for (const name of ['content-type', 'content-length', 'etag', 'cache-control', 'vary']) {
            assert.equal(head.headers.get(name), get.headers.get(name), name);
          }
        });
      }

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
          // Keys are administrated from either environment.
          const isShared = params.includes('apiKeyId');
          for (const key of [await otherKey(), ...(isShared ? [] : [await otherEnvironmentKey()])]) {
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
            [...params].sort().map((param) => [`path.${param}`, 'pattern']),
          );
        });
      }

      if (endpoint.body !== undefined) {
        it('refuses a body that is no JSON, missing, too large, or of another type', async () => {
          const bodies: [number, string, CallOptions][] = [
            [400, 'VALIDATION', { body: '{' }],
            ...(endpoint.bodyIsOptional === true
              ? []
              : [{ body: '' }, { body: undefined }].map((none): [number, string, CallOptions] => [
                  400,
                  'VALIDATION',
                  none,
                ])),
            [413, 'PAYLOAD_TOO_LARGE', { body: ' '.repeat(1024 * 1024 + 1) }],
            [415, 'UNSUPPORTED_MEDIA_TYPE', { headers: { 'Content-Type': 'text/plain' } }],
          ];
          for (const [status, code, options] of bodies) {
            const reply = await refused({ key: tenant.key, ...options });
            assert.deepEqual([reply.status, reply.body.error.code], [status, code]);
          }
        });

        it('lets nobody set what is not the caller’s to set, at any depth', async () => {
          const schema = endpoint.body as ObjectSchema;
          const reply = await refused({ key: tenant.key, body: withReadOnlyFields(schema, example as object) });
          assert.equal(reply.status, 422);
          const unknown = brokenRulesOf(reply).filter(([, keyword]) => keyword === 'additionalProperties');
          assert.deepEqual(
            unknown.map(([path]) => path),
            readOnlyPaths(schema),
          );
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

interface ObjectSchema {
  properties?: Record<string, ObjectSchema>;
}

/** Columns and fields of records that the service alone decides on. */
const readOnlyFields = [
  ...['organizationId', 'projectId', 'environment', 'id', 'jobId', 'apiKeyId', 'status', 'version', 'seed', 'tier'],
  ...['attributes', 'errorMessage', 'thumbnailUrl', 'createdAt', 'updatedAt', 'deletedAt', 'archivedAt', 'secret'],
  ...['stage', 'progress', 'attempt', 'renderer', 'shots', 'storageKey', 'width', 'origin', 'sourceInfluencerId'],
];

/** Those that a schema has as fields of its own are the caller's to set, there. */
const readOnlyIn = ({ properties = {} }: ObjectSchema) => readOnlyFields.filter((field) => !(field in properties));

const objectsIn = ({ properties = {} }: ObjectSchema) =>
  Object.entries(properties).filter(([, inner]) => inner.properties !== undefined);

const withReadOnlyFields = (schema: ObjectSchema, example: object = {}): object => ({
  ...example,
  ...Object.fromEntries(objectsIn(schema).map(([name, inner]) => [name, withReadOnlyFields(inner)])),
  ...Object.fromEntries(readOnlyIn(schema).map((field) => [field, 'x'])),
});

const readOnlyPaths = (schema: ObjectSchema, path = 'body'): string[] =>
  [
    ...readOnlyIn(schema).map((field) => `${path}.${field}`),
    ...objectsIn(schema).flatMap(([name, inner]) => readOnlyPaths(inner, `${path}.${name}`)),
  ].sort();
