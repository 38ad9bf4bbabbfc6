// Compares the client with the list of endpoints: an endpoint without a method, or a method that sends what its endpoint
// refuses, fails here.

import assert from 'node:assert/strict';
import { DoppelClient, type ChangeOptions } from '../../src/client/index.ts';
import { endpoints } from '../../src/endpoints/index.ts';
import { formatId, type IdKind } from '../../src/domain/ids.ts';
import { validationOf } from '../../src/http/validation.ts';

const idOf = (kind: IdKind) => formatId(kind, '01a20c2e-7b52-7d3e-8f00-0123456789ab');
const [project, influencer, job, asset, apiKey] = (['project', 'influencer', 'job', 'asset', 'apiKey'] as const).map(
  idOf,
) as [string, string, string, string, string];
const webhookEndpoint = idOf('webhookEndpoint');
const png = { kind: 'image', mimeType: 'image/png' } as const;

type Send = (client: DoppelClient, options: ChangeOptions) => Promise<unknown>;

/** Which endpoint each method asks, all that it can be given included. */
const methods: Record<string, [operationId: string, send: Send]> = {
  whoAmI: ['whoAmI', (client, options) => client.whoAmI(options)],
  'projects.create': [
    'createProject',
    (client, options) =>
      client.projects.create(
        { id: project, name: 'Spring', timezone: 'Europe/Berlin', customerExternalId: 'c', metadata: { plan: 'gold' } },
        options,
      ),
  ],
  'projects.get': ['getProject', (client, options) => client.projects.get(project, options)],
  'projects.list': [
    'listProjects',
    (client, options) =>
      client.projects
        .list({ status: ['active', 'archived'], search: 'ä & b', customerExternalId: 'c' }, { pageSize: 2, ...options })
        .page('cursor'),
  ],
  'projects.update': [
    'updateProject',
    (client, options) => client.projects.update(project, { status: 'active', metadata: null }, options),
  ],
  'projects.archive': ['archiveProject', (client, options) => client.projects.archive(project, options)],
  'influencers.create': [
    'createInfluencer',
    (client, options) =>
      client.influencers.create(
        project,
        { name: 'Ava', gender: 'female', referenceImages: { assetIds: [asset] } },
        options,
      ),
  ],
  'influencers.clone': [
    'cloneInfluencer',
    (client, options) =>
      client.influencers.clone(
        influencer,
        { name: 'Ava', newInfluencerId: influencer, overrides: { vibe: 'dry', personality: { tone: 'flat' } } },
        options,
      ),
  ],
  'influencers.get': ['getInfluencer', (client, options) => client.influencers.get(influencer, options)],
  'influencers.list': [
    'listInfluencers',
    (client, options) =>
      client.influencers
        .list(project, { status: ['ready', 'failed'], clonedFrom: influencer }, { pageSize: 100, ...options })
        .page('cursor'),
  ],
  'influencers.update': [
    'updateInfluencer',
    (client, options) =>
      client.influencers.update(
        influencer,
        { vibe: null, personality: { humor: null } },
        { ifMatch: '"1-2"', ...options },
      ),
  ],
  'influencers.delete': [
    'deleteInfluencer',
    (client, options) => client.influencers.delete(influencer, { reason: 'over', ifMatch: '"1-2"', ...options }),
  ],
  'influencers.addReferenceImages': [
    'addReferenceImages',
    (client, options) => client.influencers.addReferenceImages(influencer, { assetIds: [asset] }, options),
  ],
  'influencers.removeReferenceImage': [
    'removeReferenceImage',
    (client, options) => client.influencers.removeReferenceImage(influencer, asset, options),
  ],
  'jobs.get': ['getJob', (client, options) => client.jobs.get(job, options)],
  'jobs.events': [
    'streamJobEvents',
    async (client, options) => {
      for await (const event of client.jobs.events(job, { lastEventId: 3, ...options })) assert.fail(event.type);
    },
  ],
  'jobs.list': [
    'listJobs',
    (client, options) =>
      client.jobs
        .list(
          { status: ['running'], kind: 'influencer_create', projectId: project, influencerId: influencer },
          { pageSize: 1, ...options },
        )
        .page('cursor'),
  ],
  'jobs.cancel': ['cancelJob', (client, options) => client.jobs.cancel(job, options)],
  'jobs.retry': ['retryJob', (client, options) => client.jobs.retry(job, options)],
  'media.presign': [
    'presignUpload',
    (client, options) => client.media.presign(project, { ...png, filename: 'a.png', sizeBytes: 3 }, options),
  ],
  'media.finalize': [
    'finalizeUpload',
    (client, options) => client.media.finalize(project, { uploadId: idOf('upload') }, options),
  ],
  'media.create': [
    'createMedia',
    (client, options) => client.media.create(project, { ...png, dataBase64: 'AAAA' }, options),
  ],
  'media.get': ['getMedia', (client, options) => client.media.get(asset, options)],
  'apiKeys.create': [
    'createApiKey',
    (client, options) =>
      client.apiKeys.create({ name: 'Billing', scopes: ['influencers:write', 'jobs:read'], env: 'test' }, options),
  ],
  'apiKeys.list': [
    'listApiKeys',
    (client, options) => client.apiKeys.list({ pageSize: 200, ...options }).page('cursor'),
  ],
  'apiKeys.rotate': ['rotateApiKey', (client, options) => client.apiKeys.rotate(apiKey, options)],
  'apiKeys.kill': ['killApiKey', (client, options) => client.apiKeys.kill(apiKey, options)],
  'apiKeys.delete': ['deleteApiKey', (client, options) => client.apiKeys.delete(apiKey, options)],
  'webhookEndpoints.create': [
    'createWebhookEndpoint',
    (client, options) =>
      client.webhookEndpoints.create(
        { url: 'https://a.example.com', events: ['job.completed'], description: 'd', projectId: project },
        options,
      ),
  ],
  'webhookEndpoints.list': [
    'listWebhookEndpoints',
    (client, options) => client.webhookEndpoints.list({ pageSize: 2, ...options }).page('cursor'),
  ],
  'webhookEndpoints.get': [
    'getWebhookEndpoint',
    (client, options) => client.webhookEndpoints.get(webhookEndpoint, options),
  ],
  'webhookEndpoints.update': [
    'updateWebhookEndpoint',
    (client, options) =>
      client.webhookEndpoints.update(webhookEndpoint, { status: 'enabled', description: null }, options),
  ],
  'webhookEndpoints.delete': [
    'deleteWebhookEndpoint',
    (client, options) => client.webhookEndpoints.delete(webhookEndpoint, options),
  ],
  'webhookEndpoints.rotateSecret': [
    'rotateWebhookSecret',
    (client, options) => client.webhookEndpoints.rotateSecret(webhookEndpoint, options),
  ],
  'webhookEndpoints.test': [
    'testWebhookEndpoint',
    (client, options) => client.webhookEndpoints.test(webhookEndpoint, options),
  ],
  'webhookEndpoints.deliveries': [
    'listWebhookDeliveries',
    (client, options) =>
      client.webhookEndpoints
        .deliveries(webhookEndpoint, { status: ['failed', 'held'] }, { pageSize: 2, ...options })
        .page('cursor'),
  ],
  'webhookDeliveries.redeliver': [
    'redeliverWebhook',
    (client, options) => client.webhookDeliveries.redeliver(idOf('webhookDelivery'), options),
  ],
};

/** Methods that are made of others. */
const compound = ['jobs.wait', 'media.upload'];

/** A client of an API that takes everything, and what was sent to it. */
function recording() {
  const sent: { url: URL; init: RequestInit }[] = [];
  const client = new DoppelClient({
    baseUrl: 'http://doppel.test',
    apiKey: 'lp_test',
    fetch: (url, init = {}) => {
      sent.push({ url: new URL(url), init });
      const isStream = new Headers(init.headers).get('Accept') === 'text/event-stream';
      return Promise.resolve(
        isStream ? new Response(null, { status: 204 }) : Response.json({ items: [], nextCursor: null }),
      );
    },
  });
  return { client, sent };
}

describe('DoppelClient and the endpoints', () => {
  it('has a method for every endpoint, and no other', () => {
    const { client } = recording();
    const names = Object.entries(client).flatMap(([group, value]) =>
      typeof value === 'function' ? [group] : Object.keys(value).map((name) => `${group}.${name}`),
    );
    assert.deepEqual(names.filter((name) => !compound.includes(name)).sort(), Object.keys(methods).sort());
    assert.deepEqual(
      Object.values(methods)
        .map(([operationId]) => operationId)
        .sort(),
      endpoints.map(({ operationId }) => operationId).sort(),
    );
  });

  for (const [name, [operationId, send]] of Object.entries(methods)) {
    describe(name, () => {
      const endpoint = endpoints.find((one) => one.operationId === operationId) ?? assert.fail(operationId);
      const isRead = endpoint.method === 'get';

      it(`sends what ${operationId} takes`, async () => {
        const { client, sent } = recording();
        await send(client, { idempotencyKey: 'key of the caller' });
        const [only] = sent;
        assert.ok(only !== undefined && sent.length === 1);
        const { url, init } = only;
        assert.equal(init.method, endpoint.method.toUpperCase());
        const names = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, param = '']) => param);
        const values = new RegExp(`^${endpoint.path.replaceAll(/:\w+/g, '([^/]+)')}$`).exec(url.pathname);
        assert.ok(values !== null, `${url.pathname} is not ${endpoint.path}`);
        const path = Object.fromEntries(names.map((param, index) => [param, values[index + 1] ?? '']));
        const body: unknown = init.body == null ? undefined : JSON.parse(init.body as string);
        assert.equal(body === undefined, endpoint.body === undefined);
        validationOf(endpoint)({ path, query: url.searchParams, body });

        const headers = new Headers(init.headers);
        assert.equal(headers.get('X-Api-Key'), 'lp_test');
        assert.equal(headers.get('Content-Type'), body === undefined ? null : 'application/json');
        assert.equal(headers.get('Idempotency-Key'), isRead ? null : 'key of the caller');
        assert.equal(headers.get('If-Match'), endpoint.takesIfMatch === true ? '"1-2"' : null);
        if (endpoint.query !== undefined) assert.equal(url.searchParams.get('cursor'), 'cursor');
      });

      it('sends nothing when its signal is aborted', async () => {
        const { client, sent } = recording();
        const reason = new Error('not any more');
        await assert.rejects(send(client, { signal: AbortSignal.abort(reason) }), reason);
        assert.equal(sent.length, 0);
      });
    });
  }

  it('refuses an id that would make another path', () => {
    const { client, sent } = recording();
    for (const id of ['', '.', '..']) {
      assert.throws(() => client.influencers.removeReferenceImage(influencer, id), TypeError);
    }
    assert.equal(sent.length, 0);
  });

  it('sends an id that is none as one part of the path', async () => {
    const { client, sent } = recording();
    await client.jobs.get('../whoami?x#y');
    assert.equal(sent[0]?.url.pathname, '/v1/jobs/..%2Fwhoami%3Fx%23y');
  });
});
