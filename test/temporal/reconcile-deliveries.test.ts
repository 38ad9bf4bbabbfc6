import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { markDeliveryDispatched, type DeliveryDispatch } from '../../src/db/delivery-dispatch.ts';
import { updateWebhookEndpoint } from '../../src/db/webhook-endpoints.ts';
import { reconcileDeliveries } from '../../src/temporal/reconcile-deliveries.ts';
import type { Reconciliation } from '../../src/temporal/reconciliation.ts';
import { deliveryWorkflowId } from '../../src/temporal/start-delivery.ts';
import { silent } from '../support/api.ts';
import { createHome } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  deliveryOf,
  insertDeliveries,
  insertDelivery,
  insertEndpoint,
  type TestEndpoint,
} from '../support/webhooks.ts';

// Temporal's answers are said here: a thousand workflows would take long to start.
describe('reconciling deliveries', () => {
  let testDatabase: TestDatabase;
  let database: Knex;
  let endpoint: TestEndpoint;
  before(async () => {
    testDatabase = await createTestDatabase();
    ({ database } = testDatabase);
  });
  after(() => testDatabase.drop());
  beforeEach(async () => {
    await database('webhook_deliveries').delete();
    endpoint = await insertEndpoint(database, await createHome(database));
  });

  /** Where Temporal has lost these workflows, and no other. */
  const temporalWithout = (lost: readonly DeliveryDispatch[], stopsAfter = Infinity) => {
    const stopping = new AbortController();
    const asked: string[] = [];
    const by: Reconciliation = {
      ...{ database, newId, log: silent, signal: stopping.signal, cancellations: { offer: () => undefined } },
      lookAt(workflowId) {
        asked.push(workflowId);
        if (asked.length >= stopsAfter) stopping.abort();
        const isLost = lost.some((one) => deliveryWorkflowId(one) === workflowId);
        return Promise.resolve({ status: isLost ? 'UNKNOWN' : 'RUNNING', isCancelRequested: false });
      },
      terminate: () => assert.fail('nothing is terminated'),
      ask: (question) => question(),
      async withEach(items, act) {
        for (const item of items) await act(item);
      },
    };
    return { by, asked };
  };
  const overdue = async (minutes: number, where: object = {}) => {
    const at = database.raw(`now() - make_interval(mins => ?)`, [minutes]);
    await database('webhook_deliveries').where(where).update({ dispatched_at: at, next_attempt_at: at });
  };

  it('finds one that is lost behind a thousand that only wait, and asks for each once', async () => {
    await insertDeliveries(database, endpoint, 1_000, 'pending');
    await overdue(10);
    const other = await insertEndpoint(database, await createHome(database));
    const lost = await insertDelivery(database, other);
    await overdue(5, { id: lost.deliveryId });
    const { by, asked } = temporalWithout([lost]);
    await reconcileDeliveries(by);
    const { run, dispatchedAt } = await deliveryOf(database, other);
    assert.deepEqual([run, dispatchedAt], [2, null]);
    assert.deepEqual([asked.length, new Set(asked).size], [1_001, 1_001]);
  });

  it('ends when it is to stop', async () => {
    await insertDeliveries(database, endpoint, 500, 'pending');
    await overdue(10);
    const { by, asked } = temporalWithout([], 1);
    await reconcileDeliveries(by);
    assert.equal(asked.length, 200); // the page that it was at
  });

  it('begins one anew twenty times, then fails it', async () => {
    let delivery = await insertDelivery(database, endpoint);
    for (let restart = 1; restart <= 20; restart++) {
      await markDeliveryDispatched(database, delivery);
      await overdue(10);
      await reconcileDeliveries(temporalWithout([delivery]).by);
      delivery = { ...delivery, run: delivery.run + 1 };
      const { status, run } = await deliveryOf(database, endpoint);
      assert.deepEqual([status, run], ['pending', delivery.run]);
    }
    await markDeliveryDispatched(database, delivery);
    await overdue(10);
    await reconcileDeliveries(temporalWithout([delivery]).by);
    const { status, statusReason, nextAttemptAt } = await deliveryOf(database, endpoint);
    assert.deepEqual([status, statusReason, nextAttemptAt], ['failed', 'exhausted', null]);
  });

  it('releases what an endpoint still holds that is enabled', async () => {
    const paused = await insertEndpoint(database, await createHome(database), { status: 'paused' });
    await insertDeliveries(database, paused, 3_100, 'held');
    await updateWebhookEndpoint(database, { ...paused, environment: 'live' }, { status: 'enabled' });
    await reconcileDeliveries(temporalWithout([]).by);
    const [{ count } = { count: -1 }] = await database('webhook_deliveries')
      .where({ webhook_endpoint_id: paused.id, status: 'pending' })
      .count();
    assert.equal(Number(count), 3_100);
  });
});
