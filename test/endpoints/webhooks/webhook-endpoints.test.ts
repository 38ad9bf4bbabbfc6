import assert from 'node:assert/strict';
import { webhookEvents, webhookLimits } from '../../../src/domain/webhook.ts';
import { parseId } from '../../../src/domain/ids.ts';
import {
  call,
  createTenant,
  createTestKey,
  createTestProject,
  startTestApi,
  type CallOptions,
  type Tenant,
  type TestApi,
} from '../../support/api.ts';
import { unknownId } from '../../support/builders.ts';
import { forbiddenUrls } from '../../support/forbidden-addresses.ts';
import { everyPage } from '../../support/pages.ts';
import { assertRefused, brokenRulesOf, withoutTrace } from '../../support/refusals.ts';
import { deliveriesOf, endpointOf, exampleUrl, insertDelivery, insertEndpoint } from '../../support/webhooks.ts';

const valid = { url: exampleUrl, events: ['job.completed'] };

describe('webhook endpoints', () => {
  let api: TestApi;
  let tenant: Tenant;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api.database, { scopes: ['webhooks:write'] });
  });

  const at = (path: string, options: CallOptions = {}) =>
    call(`${api.url}/v1/webhook-endpoints${path}`, { key: tenant.key, ...options });
  const create = (body: unknown = valid, options: CallOptions = {}) => at('', { body, ...options });
  const made = async (body: object = {}) => {
    const reply = await create({ ...valid, ...body });
    assert.equal(reply.status, 201, JSON.stringify(reply.body));
    return reply.body;
  };
  const refused = (call: () => ReturnType<typeof create>) => withoutTrace(api.database, call);
  const notFound = { status: 404, code: 'NOT_FOUND' as const, message: 'Webhook endpoint not found.' };

  describe('POST /v1/webhook-endpoints', () => {
    it('makes an endpoint, and shows its secret this once', async () => {
      const { body, status, headers } = await create({
        ...{ url: `${exampleUrl}?a=b`, events: [...webhookEvents] },
        ...{ description: 'Billing', projectId: tenant.projectId },
      });
      assert.equal(status, 201);
      const { webhookEndpointId, secret, createdAt, updatedAt, ...rest } = body;
      assert.match(webhookEndpointId, /^whe_/);
      assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
      assert.equal(createdAt, updatedAt);
      assert.deepEqual(rest, {
        ...{
          url: `${exampleUrl}?a=b`,
          events: [...webhookEvents],
          description: 'Billing',
          projectId: tenant.projectId,
        },
        ...{ status: 'enabled', statusReason: null, consecutiveFailures: 0, pausedAt: null },
      });
      assert.equal(headers.get('location'), `/v1/webhook-endpoints/${String(webhookEndpointId)}`);
      const read = await at(`/${String(webhookEndpointId)}`);
      assert.deepEqual(read.body, { webhookEndpointId, createdAt, updatedAt, ...rest });
    });

    it('says null for the secret where the answer is repeated', async () => {
      const headers = { 'Idempotency-Key': 'k' };
      const [first, again] = [await create(valid, { headers }), await create(valid, { headers })];
      assert.deepEqual(again.body, { ...first.body, secret: null });
      assert.equal(again.headers.get('idempotent-replayed'), 'true');
      assert.equal((await at('')).body.items.length, 1);
    });

    it('takes what is optional for not given', async () => {
      const { description, projectId } = await made();
      assert.deepEqual([description, projectId], [null, null]);
    });

    for (const [what, body, rules] of [
      ['no URL', { url: undefined }, [['body.url', 'required']]],
      ['an empty URL', { url: '' }, [['body.url', 'minLength']]],
      ['a URL that is too long', { url: `${exampleUrl}${'a'.repeat(2_048)}` }, [['body.url', 'maxLength']]],
      ['a URL with U+0000', { url: `${exampleUrl}\0` }, [['body.url', 'pattern']]],
      ['http', { url: 'http://hooks.example.com/' }, [['body.url', 'publicUrl']]],
      ['http on this machine', { url: 'http://localhost:3000/' }, [['body.url', 'publicUrl']]],
      ['user information', { url: 'https://me:too@hooks.example.com/' }, [['body.url', 'publicUrl']]],
      ['a fragment', { url: `${exampleUrl}#a` }, [['body.url', 'publicUrl']]],
      ['no events', { events: [] }, [['body.events', 'minItems']]],
      ['an event twice', { events: ['job.failed', 'job.failed'] }, [['body.events', 'uniqueItems']]],
      ['an event that is none', { events: ['job.accepted'] }, [['body.events.0', 'enum']]],
      ['the event of a test', { events: ['webhook.test'] }, [['body.events.0', 'enum']]],
      ['a description that is too long', { description: 'a'.repeat(257) }, [['body.description', 'maxLength']]],
      ['a project that is not there', { projectId: unknownId('project') }, [['body.projectId', 'project']]],
      ['an id that is none', { projectId: 'me' }, [['body.projectId', 'pattern']]],
    ] as [string, object, [string, string][]][]) {
      it(`refuses ${what}`, async () => {
        const reply = await refused(() => create({ ...valid, ...body }));
        assert.equal(reply.status, 422);
        assert.deepEqual(brokenRulesOf(reply), rules);
      });
    }

    for (const [what, url] of Object.entries(forbiddenUrls)) {
      it(`refuses ${what}`, async () => {
        assert.deepEqual(brokenRulesOf(await refused(() => create({ ...valid, url }))), [['body.url', 'publicUrl']]);
      });
    }

    it('tells all that is wrong at once', async () => {
      const body = { ...valid, url: 'https://10.0.0.1/', projectId: unknownId('project') };
      assert.deepEqual(brokenRulesOf(await refused(() => create(body))), [
        ['body.projectId', 'project'],
        ['body.url', 'publicUrl'],
      ]);
    });

    it('refuses a project of another organization or of the other environment', async () => {
      const other = await createTenant(api.database);
      const projects = [other.projectId, await createTestProject(api.database, tenant.organizationId, 'test')];
      for (const projectId of projects) {
        const reply = await refused(() => create({ ...valid, projectId }));
        assert.deepEqual(brokenRulesOf(reply), [['body.projectId', 'project']]);
      }
    });

    it('refuses a fifty-first one of an environment, however many come at a time', async () => {
      for (let index = 1; index < webhookLimits.endpoints; index++) await insertEndpoint(api.database, tenant);
      const replies = await Promise.all(Array.from({ length: 4 }, () => create()));
      assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 409, 409, 409]);
      assertRefused(replies.find(({ status }) => status === 409) ?? assert.fail(), {
        status: 409,
        code: 'CONFLICT',
        message: 'An organization has at most 50 webhook endpoints in an environment.',
        details: { limit: 'webhook_endpoints' },
      });
      const testKey = await createTestKey(api.database, tenant.organizationId, { environment: 'test' });
      assert.equal((await create(valid, { key: testKey })).status, 201);
      const [one] = (await at('?limit=1')).body.items;
      await at(`/${String(one.webhookEndpointId)}`, { method: 'DELETE' });
      assert.equal((await create()).status, 201);
    });
  });

  describe('GET /v1/webhook-endpoints', () => {
    it('lists those of the environment, the newest first, page by page, and never a secret', async () => {
      const ids: string[] = [];
      for (let index = 0; index < 5; index++) ids.unshift((await made()).webhookEndpointId as string);
      const testKey = await createTestKey(api.database, tenant.organizationId, { environment: 'test' });
      await create(valid, { key: testKey });
      const items = await everyPage<Record<string, unknown>>((query) => at(query), { limit: 2 });
      assert.deepEqual(
        items.map(({ webhookEndpointId }) => webhookEndpointId),
        ids,
      );
      assert.doesNotMatch(JSON.stringify(items), /secret|whsec/i);
    });

    it('refuses a cursor of another list', async () => {
      await made();
      await made();
      const { nextCursor } = (await at('?limit=1')).body;
      const other = await createTenant(api.database);
      const reply = await at(`?cursor=${String(nextCursor)}`, { key: other.key });
      assert.deepEqual(brokenRulesOf(reply), [['query.cursor', 'cursor']]);
    });
  });

  describe('PATCH /v1/webhook-endpoints/:webhookEndpointId', () => {
    it('changes what is given, and clears a description', async () => {
      const { secret: _, updatedAt: __, ...before } = await made({ description: 'old' });
      const change = (body: object) => at(`/${String(before.webhookEndpointId)}`, { method: 'PATCH', body });
      const { updatedAt, ...after } = (await change({ url: 'https://8.8.8.8/x', events: ['job.failed'] })).body;
      assert.deepEqual(after, { ...before, url: 'https://8.8.8.8/x', events: ['job.failed'] });
      assert.ok(updatedAt >= before.createdAt);
      assert.equal((await change({ description: null })).body.description, null);
    });

    it('holds a URL to the same rules', async () => {
      const { webhookEndpointId } = await made();
      for (const url of ['http://hooks.example.com/', 'https://169.254.169.254/']) {
        const reply = await at(`/${String(webhookEndpointId)}`, { method: 'PATCH', body: { url } });
        assert.deepEqual(brokenRulesOf(reply), [['body.url', 'publicUrl']]);
      }
      assert.equal((await at(`/${String(webhookEndpointId)}`)).body.url, exampleUrl);
    });

    for (const [what, body, rules] of [
      ['nothing', {}, [['body', 'minProperties']]],
      ['a pause', { status: 'paused' }, [['body.status', 'enum']]],
      ['another project', { projectId: null }, [['body.projectId', 'additionalProperties']]],
      ['no events', { events: [] }, [['body.events', 'minItems']]],
    ] as [string, object, [string, string][]][]) {
      it(`refuses ${what}`, async () => {
        const { webhookEndpointId } = await made();
        const reply = await at(`/${String(webhookEndpointId)}`, { method: 'PATCH', body });
        assert.equal(reply.status, 422);
        assert.deepEqual(brokenRulesOf(reply), rules);
      });
    }

    it('disables and enables', async () => {
      const { webhookEndpointId } = await made();
      const set = async (status: string) => {
        const { body } = await at(`/${String(webhookEndpointId)}`, { method: 'PATCH', body: { status } });
        return [body.status, body.statusReason];
      };
      assert.deepEqual(await set('disabled'), ['disabled', 'by_caller']);
      assert.deepEqual(await set('disabled'), ['disabled', 'by_caller']);
      assert.deepEqual(await set('enabled'), ['enabled', null]);
    });

    it('ends a pause and releases what is held; disabling fails that instead', async () => {
      for (const [status, expected] of [
        ['enabled', 'pending'],
        ['disabled', 'failed'],
      ]) {
        const endpoint = await insertEndpoint(api.database, tenant, { status: 'paused' });
        await insertDelivery(api.database, endpoint, 'held');
        const reply = await at(`/${endpoint.id}`, { method: 'PATCH', body: { status } });
        assert.deepEqual([reply.body.status, reply.body.pausedAt], [status, null]);
        assert.deepEqual(
          (await deliveriesOf(api.database, endpoint)).map((delivery) => delivery.status),
          [expected],
        );
      }
    });

    it('leaves a pause alone where it changes something else', async () => {
      const endpoint = await insertEndpoint(api.database, tenant, { status: 'paused' });
      const { body } = await at(`/${endpoint.id}`, { method: 'PATCH', body: { url: 'https://a.example.com/' } });
      assert.deepEqual([body.status, body.statusReason], ['paused', 'failures']);
    });
  });

  describe('DELETE /v1/webhook-endpoints/:webhookEndpointId', () => {
    it('takes the endpoint and its secrets away, and fails what is held', async () => {
      const endpoint = await insertEndpoint(api.database, tenant, { status: 'paused' });
      await insertDelivery(api.database, endpoint, 'held');
      const { status, body } = await at(`/${endpoint.id}`, { method: 'DELETE' });
      assert.equal(status, 200);
      assert.equal(parseId('webhookEndpoint', body.webhookEndpointId as string), endpoint.id);
      assert.ok(Math.abs(Date.parse(body.deletedAt as string) - Date.now()) < 60_000);
      for (const [method, path, sent] of [
        ['GET', '', {}],
        ['PATCH', '', { body: { status: 'enabled' } }],
        ['DELETE', '', {}],
        ['POST', '/rotate-secret', {}],
        ['POST', '/test', {}],
        ['GET', '/deliveries', {}],
      ] as const) {
        assertRefused(await at(`/${endpoint.id}${path}`, { method, ...sent }), notFound);
      }
      const [row] = await api.database('webhook_endpoints').where({ id: endpoint.id });
      assert.deepEqual([row.secret, row.previous_secret], [null, null]);
      const [delivery] = await deliveriesOf(api.database, endpoint);
      assert.equal(delivery?.statusReason, 'endpoint_deleted');
      assert.deepEqual((await at('')).body.items, []);
    });
  });

  describe('POST /v1/webhook-endpoints/:webhookEndpointId/rotate-secret', () => {
    it('shows another secret, once, and leaves all else', async () => {
      const { secret, updatedAt: _, ...before } = await made();
      const headers = { 'Idempotency-Key': 'k' };
      const rotate = () => at(`/${String(before.webhookEndpointId)}/rotate-secret`, { method: 'POST', headers });
      const { secret: second, updatedAt: __, ...after } = (await rotate()).body;
      assert.match(second as string, /^whsec_/);
      assert.notEqual(second, secret);
      assert.deepEqual(after, before);
      assert.equal((await rotate()).body.secret, null);
      const id = parseId('webhookEndpoint', before.webhookEndpointId as string);
      const [row] = await api.database('webhook_endpoints').where({ id });
      assert.equal(`whsec_${(row.previous_secret as Buffer).toString('base64')}`, secret);
    });
  });

  it('are none of another organization’s or environment’s business', async () => {
    const { webhookEndpointId } = await made();
    const before = await endpointOf(api.database, { id: parseId('webhookEndpoint', webhookEndpointId as string) });
    const strangers = [
      (await createTenant(api.database)).key,
      await createTestKey(api.database, tenant.organizationId, { environment: 'test' }),
    ];
    for (const key of strangers) {
      for (const [method, path, sent] of [
        ['GET', '', {}],
        ['PATCH', '', { body: { status: 'disabled' } }],
        ['DELETE', '', {}],
        ['POST', '/rotate-secret', {}],
        ['POST', '/test', {}],
        ['GET', '/deliveries', {}],
      ] as const) {
        const reply = await refused(() => at(`/${String(webhookEndpointId)}${path}`, { key, method, ...sent }));
        assertRefused(reply, notFound);
      }
    }
    assert.deepEqual(
      await endpointOf(api.database, { id: parseId('webhookEndpoint', webhookEndpointId as string) }),
      before,
    );
  });

  it('may lie on this machine where that is configured', async () => {
    const open = await startTestApi({ webhooksAllowLocalhost: true });
    try {
      const { key } = await createTenant(open.database);
      for (const [url, status] of [
        ['http://localhost:8080/hook', 201],
        ['http://127.0.0.1:8080/hook', 201],
        ['http://10.0.0.1/hook', 422],
      ] as const) {
        const reply = await call(`${open.url}/v1/webhook-endpoints`, { key, body: { ...valid, url } });
        assert.equal(reply.status, status, url);
      }
    } finally {
      await open.close();
    }
  });
});
