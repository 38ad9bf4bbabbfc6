import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import { formatId } from '../../../src/domain/ids.ts';
import {
  call,
  createTenant,
  createTestKey,
  startTestApi,
  type CallOptions,
  type Tenant,
  type TestApi,
} from '../../support/api.ts';
import { acceptJob } from '../../support/jobs.ts';
import { parseId } from '../../../src/domain/ids.ts';
import { everyPage } from '../../support/pages.ts';
import { assertRefused, brokenRulesOf, withoutTrace } from '../../support/refusals.ts';
import { deliveryOf, insertDelivery, insertEndpoint, type TestEndpoint } from '../../support/webhooks.ts';

describe('webhook deliveries', () => {
  let api: TestApi;
  let tenant: Tenant;
  let endpoint: TestEndpoint;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api.database);
    endpoint = await insertEndpoint(api.database, tenant);
  });

  const at = (path: string, options: CallOptions = {}) => call(`${api.url}${path}`, { key: tenant.key, ...options });
  const list = (query = '', options: CallOptions = {}) =>
    at(`/v1/webhook-endpoints/${endpoint.id}/deliveries${query}`, options);
  const test = (options: CallOptions = {}) =>
    at(`/v1/webhook-endpoints/${endpoint.id}/test`, { method: 'POST', ...options });
  const redeliver = (id: string, options: CallOptions = {}) =>
    at(`/v1/webhook-deliveries/${id}/redeliver`, { method: 'POST', ...options });
  const conflict = (message: string) => ({ status: 409, code: 'CONFLICT' as const, message });
  const setStatus = (status: string, reason: string | null) =>
    api
      .database('webhook_endpoints')
      .where({ id: endpoint.id })
      .update({
        status,
        status_reason: reason,
        paused_at: status === 'paused' ? new Date() : null,
      });

  describe('POST /v1/webhook-endpoints/:webhookEndpointId/test', () => {
    it('stores a delivery that is under way, and tells where it is read', async () => {
      const { status, body, headers } = await test();
      assert.equal(status, 202);
      assert.deepEqual(
        [body.type, body.jobId, body.status, body.statusReason, body.deliveredAt, body.attempts],
        ['webhook.test', null, 'pending', null, null, []],
      );
      assert.match(body.eventId as string, /^evt_/);
      const { body: page } = await at(headers.get('location') ?? '');
      assert.deepEqual(page.items, [body]);
    });

    it('is done once under one Idempotency-Key', async () => {
      const headers = { 'Idempotency-Key': 'k' };
      const [first, again] = [await test({ headers }), await test({ headers })];
      assert.deepEqual(again.body, first.body);
      assert.equal((await list()).body.items.length, 1);
    });

    it('refuses an endpoint that is not enabled', async () => {
      await setStatus('paused', 'failures');
      const paused = await withoutTrace(api.database, () => test());
      assertRefused(paused, conflict('The webhook endpoint is paused: enable it first.'));
      await setStatus('disabled', 'gone_410');
      const disabled = await withoutTrace(api.database, () => test());
      assertRefused(disabled, conflict('The webhook endpoint is disabled: enable it first.'));
    });
  });

  describe('GET /v1/webhook-endpoints/:webhookEndpointId/deliveries', () => {
    it('lists the newest first, page by page, those with a status where one is asked for', async () => {
      const statuses = ['delivered', 'failed', 'held', 'pending', 'failed', 'delivered', 'failed'] as const;
      const ids: string[] = [];
      for (const status of statuses) {
        ids.unshift(formatId('webhookDelivery', (await insertDelivery(api.database, endpoint, status)).deliveryId));
      }
      await insertDelivery(api.database, await insertEndpoint(api.database, tenant));
      const idsOf = (items: { deliveryId: string }[]) => items.map(({ deliveryId }) => deliveryId);
      const all = await everyPage<{ deliveryId: string; status: string }>((query) => list(query), { limit: 3 });
      assert.deepEqual(idsOf(all), ids);
      const filters = '&status=failed&status=held';
      const some = await everyPage<{ deliveryId: string }>((query) => list(query), { limit: 2, filters });
      assert.deepEqual(idsOf(some), idsOf(all.filter(({ status }) => ['failed', 'held'].includes(status))));
      assert.equal(some.length, 4);
    });

    it('shows the attempts, the newest 20 of them, the oldest first', async () => {
      const { deliveryId } = await insertDelivery(api.database, endpoint, 'failed');
      for (let attempt = 1; attempt <= 24; attempt++) {
        await api.database('webhook_attempts').insert({
          ...{ organization_id: tenant.organizationId, delivery_id: deliveryId, run: 1, attempt },
          ...{ at: new Date(1_700_000_000_000 + attempt), duration_ms: attempt },
          ...(attempt % 2 === 0 ? { status_code: 500, response_excerpt: 'no' } : { error: 'timeout' }),
        });
      }
      const [{ attempts }] = (await list()).body.items;
      assert.equal(attempts.length, 20);
      assert.deepEqual(attempts.slice(0, 2), [
        { at: '2023-11-14T22:13:20.005Z', durationMs: 5, statusCode: null, error: 'timeout', responseExcerpt: null },
        { at: '2023-11-14T22:13:20.006Z', durationMs: 6, statusCode: 500, error: null, responseExcerpt: 'no' },
      ]);
    });

    it('refuses a status that is none, and a cursor of other filters', async () => {
      assert.deepEqual(brokenRulesOf(await list('?status=lost')), [['query.status.0', 'enum']]);
      await insertDelivery(api.database, endpoint);
      await insertDelivery(api.database, endpoint);
      const { nextCursor } = (await list('?limit=1')).body;
      const reply = await list(`?status=failed&cursor=${String(nextCursor)}`);
      assert.deepEqual(brokenRulesOf(reply), [['query.cursor', 'cursor']]);
    });
  });

  describe('POST /v1/webhook-deliveries/:webhookDeliveryId/redeliver', () => {
    for (const status of ['delivered', 'failed'] as const) {
      it(`begins another run of one that is ${status}, with the same event`, async () => {
        const { deliveryId } = await insertDelivery(api.database, endpoint, status);
        const before = await deliveryOf(api.database, endpoint);
        const reply = await redeliver(deliveryId);
        assert.equal(reply.status, 202);
        assert.deepEqual([reply.body.status, reply.body.statusReason, reply.body.deliveredAt], ['pending', null, null]);
        assert.equal(reply.body.eventId, formatId('event', before.eventId));
        const after = await deliveryOf(api.database, endpoint);
        assert.deepEqual([after.run, after.dispatchedAt], [2, null]);
        assert.equal(
          reply.headers.get('location'),
          `/v1/webhook-endpoints/${String(reply.body.webhookEndpointId)}/deliveries`,
        );
      });
    }

    it('refuses one that is pending, so that of two at the same time one is taken', async () => {
      const { deliveryId } = await insertDelivery(api.database, endpoint, 'failed');
      const replies = await Promise.all([redeliver(deliveryId), redeliver(deliveryId)]);
      assert.deepEqual(replies.map(({ status }) => status).sort(), [202, 409]);
      assertRefused(
        replies.find(({ status }) => status === 409) ?? assert.fail(),
        conflict('The delivery is under way.'),
      );
      assert.equal((await deliveryOf(api.database, endpoint)).run, 2);
    });

    it('refuses one whose endpoint is not enabled', async () => {
      const { deliveryId } = await insertDelivery(api.database, endpoint, 'failed');
      await setStatus('paused', 'failures');
      assertRefused(await redeliver(deliveryId), conflict('The webhook endpoint is paused: enable it first.'));
      await setStatus('disabled', 'by_caller');
      assertRefused(await redeliver(deliveryId), conflict('The webhook endpoint is disabled: enable it first.'));
    });

    it('refuses one whose event is forgotten', async () => {
      const home = { organizationId: tenant.organizationId, projectId: parseId('project', tenant.projectId) };
      const { jobId } = await acceptJob(api.database, { home });
      const delivery = async (seq: number) => {
        const id = newId();
        await api.database('webhook_deliveries').insert({
          ...{ organization_id: tenant.organizationId, id, webhook_endpoint_id: endpoint.id, event_id: newId() },
          ...{ type: 'job.completed', job_id: jobId, seq, status: 'failed', status_reason: 'exhausted' },
        });
        return id;
      };
      assert.equal((await redeliver(await delivery(1))).status, 202);
      assertRefused(await redeliver(await delivery(2)), conflict('The event of the delivery is forgotten.'));
    });

    it('does not find one of another organization or environment, nor of a deleted endpoint', async () => {
      const { deliveryId } = await insertDelivery(api.database, endpoint, 'failed');
      const notFound = { status: 404, code: 'NOT_FOUND' as const, message: 'Webhook delivery not found.' };
      const strangers = [
        (await createTenant(api.database)).key,
        await createTestKey(api.database, tenant.organizationId, { environment: 'test' }),
      ];
      for (const key of strangers) assertRefused(await redeliver(deliveryId, { key }), notFound);
      await at(`/v1/webhook-endpoints/${endpoint.id}`, { method: 'DELETE' });
      assertRefused(await redeliver(deliveryId), notFound);
      assert.equal((await deliveryOf(api.database, endpoint)).run, 1);
    });
  });
});
