import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { Knex } from 'knex';
import { createWebhookActivities } from '../../activities/index.ts';
import type { DeliveryDispatch } from '../../src/db/delivery-dispatch.ts';
import { redeliverWebhook } from '../../src/db/webhook-deliveries.ts';
import { updateWebhookEndpoint } from '../../src/db/webhook-endpoints.ts';
import { taskQueues } from '../../src/domain/task-queues.ts';
import type { DeliveryRun } from '../../src/domain/webhook.ts';
import { deliveryWorkflowId } from '../../src/temporal/start-delivery.ts';
import type { Sent, Webhook } from '../../src/webhooks/send-webhook.ts';
import { deliveryJitter, deliveryRetriesMs } from '../../workflows/activity-options.ts';
import type { webhookDelivery } from '../../workflows/index.ts';
import { silent } from '../support/api.ts';
import { createHome } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTimeSkippingEnvironment } from '../support/temporal-test-server.ts';
import { workflowBundleOnce } from '../support/test-workers.ts';
import {
  attemptsOf,
  deliveryOf,
  endpointOf,
  insertDelivery,
  insertEndpoint,
  type TestEndpoint,
} from '../support/webhooks.ts';

type Answered = Partial<Sent> | Error;

// The activity is the real one, on a real Postgres; only the receiver is played.
describe('workflow webhookDelivery', () => {
  let environment: TestWorkflowEnvironment;
  let testDatabase: TestDatabase;
  let database: Knex;
  let close: () => Promise<void>;
  /** How the receiver answers, one after the other, and then like the last. */
  let answers: readonly Answered[];
  let got: { webhook: Webhook; atMs: number }[];
  let endpoint: TestEndpoint;

  before(async function () {
    this.timeout(600_000);
    environment = await createTimeSkippingEnvironment();
    testDatabase = await createTestDatabase();
    ({ database } = testDatabase);
    const activities = createWebhookActivities({
      database,
      log: silent,
      async sendWebhook(webhook) {
        got.push({ webhook, atMs: await environment.currentTimeMs() });
        const answered = answers[Math.min(got.length, answers.length) - 1];
        if (answered instanceof Error) throw answered;
        const nothing = { statusCode: null, error: null, responseExcerpt: null, retryAfterMs: null };
        return { at: new Date(), durationMs: 1, ...nothing, ...answered };
      },
    });
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: taskQueues.webhooks,
      workflowBundle: await workflowBundleOnce(),
      activities,
    });
    const working = worker.run();
    close = async () => {
      worker.shutdown();
      await working;
    };
  });
  after(async () => {
    await close();
    await environment.teardown();
    await testDatabase.drop();
  });
  beforeEach(async () => {
    got = [];
    endpoint = await insertEndpoint(database, await createHome(database));
  });

  const run = async (delivery: DeliveryRun) => {
    const { deliveryId, run: number } = delivery;
    const handle = await environment.client.workflow.start<typeof webhookDelivery>('webhookDelivery', {
      workflowId: deliveryWorkflowId(delivery),
      taskQueue: taskQueues.webhooks,
      args: [{ deliveryId, run: number }],
    });
    return handle.result();
  };
  const deliver = async (...given: readonly Answered[]) => {
    answers = given;
    const delivery = await insertDelivery(database, endpoint);
    return { delivery, end: await run(delivery) };
  };
  const waits = () => got.slice(1).map(({ atMs }, index) => atMs - (got[index]?.atMs ?? 0));
  const assertWaits = (expected: readonly number[], slackMs = 5_000) => {
    const taken = waits();
    assert.equal(taken.length, expected.length);
    for (const [index, wait] of expected.entries()) {
      const isNear = Math.abs((taken[index] ?? 0) - wait) <= wait * deliveryJitter + slackMs;
      assert.ok(isNear, `wait ${String(index + 1)} is ${String(taken[index])} ms, not ${String(wait)}`);
    }
  };

  it('delivers at once', async () => {
    const { delivery, end } = await deliver({ statusCode: 200 });
    assert.equal(end, 'delivered');
    assert.deepEqual(await attemptsOf(database, delivery), [{ run: 1, attempt: 1, statusCode: 200, error: null }]);
  });

  it('tries on the schedule of Standard Webhooks, and fails after some three days', async () => {
    const { delivery, end } = await deliver({ statusCode: 500 });
    assert.equal(end, 'failed');
    assertWaits(deliveryRetriesMs);
    const hours = ((got.at(-1)?.atMs ?? 0) - (got[0]?.atMs ?? 0)) / 3_600_000;
    assert.ok(hours > 66 && hours < 84, `${String(hours)} hours`);
    assert.deepEqual(
      (await attemptsOf(database, delivery)).map(({ attempt }) => attempt),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
    const { status, statusReason } = await deliveryOf(database, endpoint);
    assert.deepEqual([status, statusReason], ['failed', 'exhausted']);
  });

  it('goes on until it is taken, with the same id and body', async () => {
    const { end } = await deliver(
      { error: 'timeout' },
      { error: 'connection_refused' },
      { statusCode: 302 },
      { statusCode: 204 },
    );
    assert.equal(end, 'delivered');
    assertWaits(deliveryRetriesMs.slice(0, 3));
    assert.equal(new Set(got.map(({ webhook }) => `${webhook.id} ${webhook.body}`)).size, 1);
  });

  it('waits for as long as Retry-After asks, where that is longer', async () => {
    const hourMs = 3_600_000;
    await deliver(
      { statusCode: 429, retryAfterMs: hourMs },
      { statusCode: 503, retryAfterMs: 1_000 },
      { statusCode: 200 },
    );
    assertWaits([hourMs, 300_000]);
    assert.ok((waits()[0] ?? 0) >= hourMs);
  });

  it('ends on a 410, and tells why', async () => {
    const { end } = await deliver({ statusCode: 410 });
    assert.equal(end, 'failed');
    assert.equal(got.length, 1);
    assert.equal((await endpointOf(database, endpoint)).statusReason, 'gone_410');
  });

  it('ends as held when its endpoint is paused meanwhile; enabled, it is sent with the same id', async () => {
    await database('webhook_endpoints').where({ id: endpoint.id }).update({ consecutive_failures: 19 });
    const { end } = await deliver({ statusCode: 500 });
    assert.equal(end, 'held');
    await updateWebhookEndpoint(database, { ...endpoint, environment: 'live' }, { status: 'enabled' });
    const { id, run: second } = await deliveryOf(database, endpoint);
    answers = [{ statusCode: 200 }];
    assert.equal(await run({ deliveryId: id, run: second }), 'delivered');
    assert.equal(new Set(got.map(({ webhook }) => `${webhook.id} ${webhook.body}`)).size, 1);
  });

  it('ends as failed when its endpoint is disabled meanwhile', async () => {
    answers = [{ statusCode: 500 }];
    const delivery = await insertDelivery(database, endpoint);
    const running = run(delivery);
    await database('webhook_endpoints')
      .where({ id: endpoint.id })
      .update({ status: 'disabled', status_reason: 'by_caller' });
    assert.equal(await running, 'failed');
    assert.equal((await deliveryOf(database, endpoint)).statusReason, 'endpoint_disabled');
  });

  it('ends without an attempt when a later run has begun', async () => {
    const delivery: DeliveryDispatch = await insertDelivery(database, endpoint);
    await database('webhook_deliveries').where({ id: delivery.deliveryId }).update({ run: 2 });
    assert.equal(await run(delivery), 'superseded');
    assert.deepEqual(got, []);
  });

  it('sends a redelivery under an id of its own in Temporal, and the same webhook-id', async () => {
    const { delivery, end } = await deliver({ statusCode: 200 });
    const again = await redeliverWebhook(database, { ...endpoint, id: delivery.deliveryId });
    assert.equal(deliveryWorkflowId({ deliveryId: again.id, run: again.run }), `${deliveryWorkflowId(delivery)}.2`);
    assert.deepEqual([end, await run({ deliveryId: again.id, run: again.run })], ['delivered', 'delivered']);
    assert.equal(got[0]?.webhook.id, got[1]?.webhook.id);
    assert.equal((await attemptsOf(database, delivery)).length, 2);
  });

  it('leaves a fault of its own to Temporal, and uses up no attempt', async () => {
    const away = Object.assign(new Error('Postgres is away'), { code: 'ECONNREFUSED' });
    const { delivery, end } = await deliver(away, away, { statusCode: 200 });
    assert.equal(end, 'delivered');
    assert.deepEqual(await attemptsOf(database, delivery), [{ run: 1, attempt: 1, statusCode: 200, error: null }]);
  });
});
