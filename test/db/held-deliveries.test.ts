import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { listEndpointsToSettle, settleHeldDeliveries } from '../../src/db/held-deliveries.ts';
import { recordAttempt } from '../../src/db/webhook-attempts.ts';
import { deleteWebhookEndpoint, updateWebhookEndpoint } from '../../src/db/webhook-endpoints.ts';
import { createHome } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { insertDelivery, insertDeliveries, insertEndpoint, type TestEndpoint } from '../support/webhooks.ts';

const many = 2_500;

describe('what a paused endpoint holds', () => {
  let testDatabase: TestDatabase;
  let database: Knex;
  before(async () => {
    testDatabase = await createTestDatabase();
    ({ database } = testDatabase);
  });
  after(() => testDatabase.drop());
  afterEach(() => database('webhook_deliveries').delete());

  const paused = async () => {
    const endpoint = await insertEndpoint(database, await createHome(database), { status: 'paused' });
    await insertDeliveries(database, endpoint, many, 'held');
    return { ...endpoint, environment: 'live' as const };
  };
  const counts = async ({ id }: Pick<TestEndpoint, 'id'>) => {
    const { rows } = await database.raw<{ rows: { status: string; reason: string | null; count: number }[] }>(
      `select status, status_reason as reason, count(*)::integer from webhook_deliveries
       where webhook_endpoint_id = :id group by 1, 2 order by 1, 2`,
      { id },
    );
    return rows.map(({ status, reason, count }) => [status, reason, count]);
  };
  /** As the reconciler does. */
  const settleAll = async () => {
    for (const endpoint of await listEndpointsToSettle(database)) {
      while (await database.transaction((trx) => settleHeldDeliveries(trx, endpoint)));
    }
  };

  it('is released in batches: the first by who enables it, the rest by the reconciler', async () => {
    const [endpoint, other] = [await paused(), await paused()];
    await updateWebhookEndpoint(database, endpoint, { status: 'enabled' });
    assert.deepEqual(await counts(endpoint), [
      ['held', null, many - 1_000],
      ['pending', null, 1_000],
    ]);
    const { organizationId, id } = endpoint;
    assert.deepEqual(await listEndpointsToSettle(database), [{ organizationId, id }]);
    await settleAll();
    assert.deepEqual(await counts(endpoint), [['pending', null, many]]);
    assert.deepEqual(await counts(other), [['held', null, many]]);
    assert.deepEqual(await listEndpointsToSettle(database), []);
  });

  for (const [reason, end] of Object.entries<(endpoint: Awaited<ReturnType<typeof paused>>) => Promise<unknown>>({
    endpoint_disabled: (endpoint) => updateWebhookEndpoint(database, endpoint, { status: 'disabled' }),
    endpoint_deleted: (endpoint) => deleteWebhookEndpoint(database, endpoint),
    async gone_410(endpoint) {
      const { deliveryId } = await insertDelivery(database, endpoint);
      const answer = { at: new Date(), durationMs: 1, statusCode: 410, error: null, responseExcerpt: null };
      const attempt = { deliveryId, run: 1, attempt: 1, generation: 1 };
      await database.transaction((trx) => recordAttempt(trx, attempt, answer, 1));
      await database('webhook_deliveries').where({ id: deliveryId }).delete();
    },
  })) {
    it(`fails in batches as ${reason}`, async () => {
      const endpoint = await paused();
      await end(endpoint);
      assert.deepEqual(await counts(endpoint), [
        ['failed', reason, 1_000],
        ['held', null, many - 1_000],
      ]);
      await settleAll();
      assert.deepEqual(await counts(endpoint), [['failed', reason, many]]);
    });
  }

  it('stays where the endpoint is paused again meanwhile', async () => {
    const endpoint = await paused();
    assert.equal(await settleHeldDeliveries(database, endpoint), false);
    assert.deepEqual(await counts(endpoint), [['held', null, many]]);
    assert.deepEqual(await listEndpointsToSettle(database), []);
  });
});
