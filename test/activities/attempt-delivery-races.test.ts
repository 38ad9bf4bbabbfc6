import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { Knex } from 'knex';
import { createWebhookActivities, type WebhookActivities } from '../../activities/index.ts';
import type { DeliveryDispatch } from '../../src/db/delivery-dispatch.ts';
import { beginAttempt, recordAttempt } from '../../src/db/webhook-attempts.ts';
import { updateWebhookEndpoint } from '../../src/db/webhook-endpoints.ts';
import { webhookLimits } from '../../src/domain/webhook.ts';
import type { Sent, SendWebhook } from '../../src/webhooks/send-webhook.ts';
import { quietEnvironment } from '../support/activities.ts';
import { silent } from '../support/api.ts';
import { until } from '../support/eventually.ts';
import { createHome } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  attemptsOf,
  deliveriesOf,
  deliveryOf,
  endpointOf,
  insertDelivery,
  insertEndpoint,
  type TestEndpoint,
} from '../support/webhooks.ts';

const answered = (statusCode: number): Sent => ({
  ...{ at: new Date(), durationMs: 5, statusCode, error: null, responseExcerpt: null, retryAfterMs: null },
});

describe('attemptDelivery beside others', () => {
  let testDatabase: TestDatabase;
  let database: Knex;
  let endpoint: TestEndpoint;
  let delivery: DeliveryDispatch;
  before(async () => {
    testDatabase = await createTestDatabase();
    ({ database } = testDatabase);
  });
  after(() => testDatabase.drop());
  beforeEach(async () => {
    endpoint = await insertEndpoint(database, await createHome(database));
    delivery = await insertDelivery(database, endpoint);
  });

  const activityWith = (sendWebhook: SendWebhook): WebhookActivities['attemptDelivery'] => {
    const { attemptDelivery } = createWebhookActivities({ database, sendWebhook, log: silent });
    return (input) => quietEnvironment().run(attemptDelivery, input);
  };
  const first = ({ deliveryId, run }: DeliveryDispatch) => ({ deliveryId, run, attempt: 1, retryInMs: 5_000 });
  const waiting = async () => {
    const { rows } = await database.raw<{ rows: unknown[] }>(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length;
  };
  const lockEndpoint = async () => {
    const locker = await database.transaction();
    await locker.raw('select from webhook_endpoints where id = :id for update', { id: endpoint.id });
    return locker;
  };

  describe('who hold the endpoint', () => {
    it('fails within some seconds, to be made again, and keeps no connection', async () => {
      const locker = await lockEndpoint();
      const attempt = activityWith(() => assert.fail('it was sent'));
      const failure = await attempt(first(delivery)).catch((error: unknown) => error);
      assert.ok(failure instanceof ApplicationFailure);
      assert.deepEqual([failure.type, failure.nonRetryable], ['UNAVAILABLE', false]);
      assert.equal(await waiting(), 0);
      await locker.commit();
    });

    it('records an answer again that could not be recorded, and sends nothing again for it', async () => {
      let sends = 0;
      let locker: Knex.Transaction | undefined;
      const attempt = activityWith(async () => {
        sends += 1;
        locker = await lockEndpoint();
        return answered(200);
      });
      const outcome = attempt(first(delivery));
      await until('recording waits', async () => (await waiting()) === 1);
      await until('recording gave up', async () => (await waiting()) === 0);
      await locker?.commit();
      assert.deepEqual([await outcome, sends], [{ ended: 'delivered' }, 1]);
    });
  });

  it('does not send again what is recorded while it waits', async () => {
    const attempt = { deliveryId: delivery.deliveryId, run: 1, attempt: 1 };
    const recorder = await database.transaction();
    await recordAttempt(recorder, { ...attempt, generation: 1 }, answered(500), 60_000);
    const beginning = database.transaction((trx) => beginAttempt(trx, attempt));
    await until('the other one waits', async () => (await waiting()) === 1);
    await recorder.commit();
    const outcome = await beginning;
    assert.ok('ended' in outcome && outcome.ended === null, JSON.stringify(outcome));
  });

  describe('who change the endpoint', () => {
    const change = (changes: Parameters<typeof updateWebhookEndpoint>[2]) =>
      updateWebhookEndpoint(database, { ...endpoint, environment: 'live' }, changes);

    it('does not hold a 410 of the old URL against the new one', async () => {
      const held = await insertDelivery(database, endpoint, 'held');
      const attempt = activityWith(async () => {
        await change({ url: 'https://new.example.com/' });
        return answered(410);
      });
      assert.deepEqual(await attempt(first(delivery)), { ended: null, retryInMs: 5_000 });
      assert.deepEqual((await endpointOf(database, endpoint)).status, 'enabled');
      const statuses = new Map((await deliveriesOf(database, endpoint)).map(({ id, status }) => [id, status]));
      assert.deepEqual([statuses.get(delivery.deliveryId), statuses.get(held.deliveryId)], ['pending', 'held']);
      assert.equal((await attemptsOf(database, delivery)).length, 1);
    });

    it('fails as exhausted what the old URL answered the last time with 410', async () => {
      const attempt = activityWith(async () => {
        await change({ url: 'https://new.example.com/' });
        return answered(410);
      });
      assert.deepEqual(await attempt({ ...first(delivery), retryInMs: null }), { ended: 'failed' });
      assert.equal((await deliveryOf(database, endpoint)).statusReason, 'exhausted');
    });

    it('does not pause one that was enabled since, by what began before', async () => {
      const deliveries = [delivery];
      while (deliveries.length <= webhookLimits.failuresInARow) {
        deliveries.push(await insertDelivery(database, endpoint));
      }
      const attempts = deliveries.map((one) => first(one));
      const orders = await Promise.all(attempts.map((one) => database.transaction((trx) => beginAttempt(trx, one))));
      await change({ url: 'https://new.example.com/', status: 'enabled' });
      for (const [index, order] of orders.entries()) {
        assert.ok('generation' in order);
        const { retryInMs, ...attempt } = attempts[index] ?? assert.fail();
        const told = { ...attempt, generation: order.generation };
        const outcome = await database.transaction((trx) => recordAttempt(trx, told, answered(500), retryInMs));
        assert.equal(outcome.ended, null);
      }
      const { status, consecutiveFailures } = await endpointOf(database, endpoint);
      assert.deepEqual([status, consecutiveFailures], ['enabled', 0]);
    });

    it('takes a success for one, which ends no row of failures', async () => {
      await database('webhook_endpoints').where({ id: endpoint.id }).update({ consecutive_failures: 3 });
      const attempt = activityWith(async () => {
        await change({ url: 'https://new.example.com/' });
        return answered(200);
      });
      assert.deepEqual(await attempt(first(delivery)), { ended: 'delivered' });
      assert.equal((await endpointOf(database, endpoint)).consecutiveFailures, 3);
    });

    it('holds what failed where the endpoint is paused, by whomever', async () => {
      const attempt = activityWith(async () => {
        await change({ status: 'enabled' });
        const paused = { status: 'paused', status_reason: 'failures', paused_at: new Date() };
        await database('webhook_endpoints').where({ id: endpoint.id }).update(paused);
        return answered(500);
      });
      assert.deepEqual(await attempt(first(delivery)), { ended: 'held' });
    });

    it('counts what began before a change of something else', async () => {
      const attempt = activityWith(async () => {
        await change({ description: 'Billing', events: ['job.failed'] });
        return answered(500);
      });
      await attempt(first(delivery));
      assert.equal((await endpointOf(database, endpoint)).consecutiveFailures, 1);
    });
  });
});
