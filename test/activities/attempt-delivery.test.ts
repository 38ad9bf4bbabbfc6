import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { mock } from 'node:test';
import { Webhook as Verifier } from 'standardwebhooks';
import { v7 as newId } from 'uuid';
import { createWebhookActivities, type WebhookActivities } from '../../activities/index.ts';
import type { DeliveryDispatch } from '../../src/db/delivery-dispatch.ts';
import { rotateWebhookSecret, updateWebhookEndpoint } from '../../src/db/webhook-endpoints.ts';
import { query } from '../../src/db/database.ts';
import { redeliverWebhook } from '../../src/db/webhook-deliveries.ts';
import { webhookLimits, type AttemptOutcome } from '../../src/domain/webhook.ts';
import { formatId } from '../../src/domain/ids.ts';
import { createSender, type Sent, type SendWebhook, type Webhook } from '../../src/webhooks/send-webhook.ts';
import { webhookSecretText } from '../../src/webhooks/webhook-secret.ts';
import { complete, quietEnvironment, startTestActivities, type TestActivities } from '../support/activities.ts';
import { silent } from '../support/api.ts';
import { acceptJob, createHome, type Home } from '../support/jobs.ts';
import { answer, startScriptedServer, type ScriptedServer } from '../support/scripted-server.ts';
import {
  attemptsOf,
  deliveriesOf,
  deliveryOf,
  endpointOf,
  exampleUrl,
  insertDelivery,
  insertEndpoint,
  noNetwork,
  type TestEndpoint,
} from '../support/webhooks.ts';

const answered = (statusCode: number, more: Partial<Sent> = {}): Sent => ({
  ...{ at: new Date(), durationMs: 5, statusCode, error: null, responseExcerpt: null, retryAfterMs: null },
  ...more,
});

describe('attemptDelivery', () => {
  let steps: TestActivities;
  let database: Knex;
  let home: Home;
  before(async () => {
    steps = await startTestActivities();
    ({ database } = steps);
  });
  after(() => steps.close());
  beforeEach(async () => {
    home = await createHome(database);
  });

  const activityWith = (sendWebhook: SendWebhook): WebhookActivities['attemptDelivery'] => {
    const { attemptDelivery } = createWebhookActivities({ database, sendWebhook, log: silent });
    return (input) => quietEnvironment().run(attemptDelivery, input);
  };
  /** A receiver that answers so, one after the other, and then like the last. */
  const receiver = (...answers: Sent[]) => {
    const got: Webhook[] = [];
    const attempt = activityWith((webhook) => {
      got.push(webhook);
      return Promise.resolve(answers[Math.min(got.length, answers.length) - 1] ?? answered(200));
    });
    return { got, attempt };
  };
  const first = ({ deliveryId, run }: DeliveryDispatch) => ({ deliveryId, run, attempt: 1, retryInMs: 5_000 });
  const own = (endpoint: TestEndpoint) => ({ ...endpoint, environment: 'live' as const });

  it('sends the event as the stream tells it, with project and influencer, and records the answer', async () => {
    const endpoint = await insertEndpoint(database, home, { events: ['job.completed', 'influencer.ready'] });
    const job = await acceptJob(database, { home });
    await complete(steps.run, job);
    const { got, attempt } = receiver(answered(204));
    const deliveries = await deliveriesOf(database, endpoint);
    for (const { id, run } of deliveries) {
      const outcome = await attempt({ deliveryId: id, run, attempt: 1, retryInMs: 5_000 });
      assert.deepEqual(outcome, { ended: 'delivered' });
    }
    const [event] = await database('job_events').where({ job_id: job.jobId, type: 'job.completed' });
    const at = (event.at as Date).toISOString();
    for (const [index, delivery] of deliveries.entries()) {
      assert.equal(got[index]?.id, formatId('event', delivery.eventId));
      assert.equal(got[index].url, exampleUrl);
      assert.deepEqual(JSON.parse(got[index].body), {
        type: delivery.type,
        timestamp: at,
        data: {
          ...{ seq: event.seq, jobId: formatId('job', job.jobId), type: 'job.completed', at },
          ...{ status: 'completed', stage: null, progress: 1, attempt: 1 },
          ...{ projectId: formatId('project', job.projectId), influencerId: formatId('influencer', job.influencerId) },
        },
      });
      assert.deepEqual(await attemptsOf(database, { deliveryId: delivery.id }), [
        { run: 1, attempt: 1, statusCode: 204, error: null },
      ]);
    }
    assert.deepEqual(
      (await deliveriesOf(database, endpoint)).map(({ status }) => status),
      ['delivered', 'delivered'],
    );
  });

  it('is sent with the time of Postgres, whatever the clock of the worker says', async () => {
    const { got, attempt } = receiver(answered(204));
    const endpoint = await insertEndpoint(database, home);
    const delivery = await insertDelivery(database, endpoint);
    const time = async () => (await query<{ now: Date }>(database, 'select clock_timestamp() as now'))[0]?.now;
    const before = await time();
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 });
    try {
      await attempt(first(delivery));
    } finally {
      mock.timers.reset();
    }
    const at = got[0]?.at;
    assert.ok(at && before && at >= before && at <= ((await time()) ?? before));
  });

  it('signs with the secret, and after a rotation with both for 24 hours', async () => {
    const server = await startScriptedServer(answer(200));
    try {
      const endpoint = await insertEndpoint(database, home, { url: server.url });
      const attempt = activityWith(createSender({ allowsLocalhost: true }));
      const verifies = async (): Promise<(secret: Buffer) => boolean> => {
        await attempt(first(await insertDelivery(database, endpoint)));
        const last = server.asked.at(-1) as ScriptedServer['asked'][number];
        return (secret) => {
          try {
            new Verifier(webhookSecretText(secret)).verify(last.body, last.headers as Record<string, string>);
            return true;
          } catch {
            return false;
          }
        };
      };
      const [second, third] = [randomBytes(32), randomBytes(32)];
      const all = [endpoint.secret, second, third];
      assert.deepEqual(all.map(await verifies()), [true, false, false]);
      await rotateWebhookSecret(database, { ...own(endpoint), secret: second });
      assert.deepEqual(all.map(await verifies()), [true, true, false]);
      await rotateWebhookSecret(database, { ...own(endpoint), secret: third });
      assert.deepEqual(all.map(await verifies()), [false, true, true]);
      await database('webhook_endpoints')
        .where({ id: endpoint.id })
        .update({ previous_secret_until: database.raw(`previous_secret_until - interval '24 hours'`) });
      assert.deepEqual(all.map(await verifies()), [false, false, true]);
    } finally {
      await server.close();
    }
  });

  it('leaves a failed one pending until the next attempt, later where the receiver asks for it', async () => {
    const endpoint = await insertEndpoint(database, home);
    const delivery = await insertDelivery(database, endpoint);
    const { attempt } = receiver(
      answered(500),
      answered(429, { retryAfterMs: 60_000 }),
      answered(503, { retryAfterMs: 1 }),
    );
    for (const [number, expected] of [5_000, 60_000, 5_000].entries()) {
      const outcome = await attempt({ ...first(delivery), attempt: number + 1 });
      assert.deepEqual(outcome, { ended: null, retryInMs: expected });
      const { status, nextAttemptAt } = await deliveryOf(database, endpoint);
      assert.equal(status, 'pending');
      const inMs = (nextAttemptAt?.getTime() ?? 0) - Date.now();
      assert.ok(inMs > expected - 3_000 && inMs <= expected + 1_000, String(inMs));
    }
    assert.equal((await endpointOf(database, endpoint)).consecutiveFailures, 3);
  });

  it('fails after the last attempt', async () => {
    const endpoint = await insertEndpoint(database, home);
    const delivery = await insertDelivery(database, endpoint);
    const { attempt } = receiver(answered(500));
    assert.deepEqual(await attempt({ ...first(delivery), retryInMs: null }), { ended: 'failed' });
    const { status, statusReason, nextAttemptAt } = await deliveryOf(database, endpoint);
    assert.deepEqual([status, statusReason, nextAttemptAt], ['failed', 'exhausted', null]);
  });

  for (const statusCode of [100, 199, 301, 302, 304, 400, 404, 500]) {
    it(`takes ${String(statusCode)} for a failure`, async () => {
      const delivery = await insertDelivery(database, await insertEndpoint(database, home));
      assert.equal((await receiver(answered(statusCode)).attempt(first(delivery))).ended, null);
    });
  }

  it('counts failures in a row, which a success ends', async () => {
    const endpoint = await insertEndpoint(database, home);
    const { attempt } = receiver(answered(500), answered(500), answered(200), answered(500));
    const counts: number[] = [];
    for (let index = 0; index < 4; index++) {
      await attempt(first(await insertDelivery(database, endpoint)));
      counts.push((await endpointOf(database, endpoint)).consecutiveFailures);
    }
    assert.deepEqual(counts, [1, 2, 0, 1]);
  });

  it('pauses the endpoint after 20 failures in a row; what is tried then is held, and sent once it is enabled', async () => {
    const endpoint = await insertEndpoint(database, home);
    const failing = receiver(answered(500));
    const deliveries: DeliveryDispatch[] = [];
    for (let index = 0; index <= webhookLimits.failuresInARow; index++) {
      deliveries.push(await insertDelivery(database, endpoint));
    }
    const ends: AttemptOutcome['ended'][] = [];
    for (const delivery of deliveries) ends.push((await failing.attempt(first(delivery))).ended);
    assert.deepEqual(ends, [...Array.from({ length: 19 }, () => null), 'held', 'held']);
    assert.equal(failing.got.length, 20, 'a paused endpoint is left alone');
    const paused = await endpointOf(database, endpoint);
    assert.deepEqual(paused, { status: 'paused', statusReason: 'failures', consecutiveFailures: 20 });

    await updateWebhookEndpoint(database, own(endpoint), { status: 'enabled' });
    assert.deepEqual(await endpointOf(database, endpoint), {
      ...{ status: 'enabled', statusReason: null, consecutiveFailures: 0 },
    });
    const released = (await deliveriesOf(database, endpoint)).filter(({ run }) => run === 2);
    assert.deepEqual(
      released.map(({ status, dispatchedAt }) => [status, dispatchedAt]),
      [
        ['pending', null],
        ['pending', null],
      ],
    );
    const mended = receiver(answered(200));
    for (const { id, run } of released) {
      assert.deepEqual(await mended.attempt({ deliveryId: id, run, attempt: 1, retryInMs: 1 }), { ended: 'delivered' });
    }
  });

  it('disables the endpoint on a 410, and fails what is under way or held', async () => {
    const endpoint = await insertEndpoint(database, home);
    const [gone, later] = [await insertDelivery(database, endpoint), await insertDelivery(database, endpoint)];
    const held = await insertDelivery(database, endpoint, 'held');
    const { got, attempt } = receiver(answered(410));
    assert.deepEqual(await attempt(first(gone)), { ended: 'failed' });
    assert.deepEqual(await attempt(first(later)), { ended: 'failed' });
    assert.equal(got.length, 1);
    const { status, statusReason } = await endpointOf(database, endpoint);
    assert.deepEqual([status, statusReason], ['disabled', 'gone_410']);
    const reasons = new Map((await deliveriesOf(database, endpoint)).map((one) => [one.id, one.statusReason]));
    assert.deepEqual(
      [gone, later, held].map(({ deliveryId }) => reasons.get(deliveryId)),
      ['gone_410', 'endpoint_disabled', 'gone_410'],
    );
  });

  it('sends nothing for an endpoint that is deleted, or for an event that is forgotten', async () => {
    const endpoint = await insertEndpoint(database, home);
    const deleted = await insertDelivery(database, endpoint);
    await database('webhook_endpoints').where({ id: endpoint.id }).update({ deleted_at: new Date(), secret: null });
    const { got, attempt } = receiver();
    assert.deepEqual(await attempt(first(deleted)), { ended: 'failed' });
    assert.equal((await deliveryOf(database, endpoint)).statusReason, 'endpoint_deleted');

    const other = await insertEndpoint(database, home);
    const job = await acceptJob(database, { home });
    await complete(steps.run, job);
    const { id, run } = await deliveryOf(database, other);
    await database('job_events').where({ job_id: job.jobId }).delete();
    assert.deepEqual(await attempt({ deliveryId: id, run, attempt: 1, retryInMs: 1 }), { ended: 'failed' });
    assert.equal((await deliveryOf(database, other)).statusReason, 'event_forgotten');
    assert.deepEqual(got, []);
  });

  it('sends nothing for a run that is over, a delivery that has ended, or one that is not there', async () => {
    const endpoint = await insertEndpoint(database, home);
    const delivery = await insertDelivery(database, endpoint);
    await database('webhook_deliveries').where({ id: delivery.deliveryId }).update({ run: 2 });
    const { got, attempt } = receiver();
    assert.deepEqual(await attempt(first(delivery)), { ended: 'superseded' });
    assert.deepEqual(await attempt(first(await insertDelivery(database, endpoint, 'delivered'))), {
      ended: 'superseded',
    });
    assert.deepEqual(await attempt({ deliveryId: newId(), run: 1, attempt: 1, retryInMs: 1 }), { ended: 'superseded' });
    assert.deepEqual(got, []);
  });

  it('sends nothing again that is recorded, and tells the same', async () => {
    const endpoint = await insertEndpoint(database, home);
    const [failed, delivered] = [await insertDelivery(database, endpoint), await insertDelivery(database, endpoint)];
    const { got, attempt } = receiver(answered(500), answered(200));
    await attempt(first(failed));
    const again = await attempt(first(failed));
    assert.ok(again.ended === null && again.retryInMs > 2_000 && again.retryInMs <= 5_000, JSON.stringify(again));
    assert.deepEqual(await attempt(first(delivered)), { ended: 'delivered' });
    assert.deepEqual(await attempt(first(delivered)), { ended: 'delivered' });
    assert.equal(got.length, 2);
    assert.equal((await endpointOf(database, endpoint)).consecutiveFailures, 0);
  });

  it('records once what is sent twice at the same time', async () => {
    const endpoint = await insertEndpoint(database, home);
    const delivery = await insertDelivery(database, endpoint);
    const { attempt } = receiver(answered(500));
    await Promise.all(Array.from({ length: 5 }, () => attempt(first(delivery))));
    assert.equal((await attemptsOf(database, delivery)).length, 1);
    assert.equal((await endpointOf(database, endpoint)).consecutiveFailures, 1);
  });

  it('takes a success for one, also of a run that was put back meanwhile', async () => {
    const endpoint = await insertEndpoint(database, home);
    const delivery = await insertDelivery(database, endpoint);
    const attempt = activityWith(async () => {
      await database('webhook_deliveries').where({ id: delivery.deliveryId }).update({ run: 2 });
      return answered(200);
    });
    assert.deepEqual(await attempt(first(delivery)), { ended: 'delivered' });
    assert.equal((await deliveryOf(database, endpoint)).status, 'delivered');
  });

  it('sends the same id and the same bytes at each attempt and redelivery', async () => {
    const endpoint = await insertEndpoint(database, home);
    await complete(steps.run, await acceptJob(database, { home }));
    const { id, run } = await deliveryOf(database, endpoint);
    const { got, attempt } = receiver(answered(500), answered(200), answered(200));
    await attempt({ deliveryId: id, run, attempt: 1, retryInMs: 1 });
    await attempt({ deliveryId: id, run, attempt: 2, retryInMs: 1 });
    const again = await redeliverWebhook(database, { organizationId: home.organizationId, id });
    await attempt({ deliveryId: id, run: again.run, attempt: 1, retryInMs: 1 });
    assert.equal(got.length, 3);
    assert.equal(new Set(got.map((webhook) => `${webhook.id} ${webhook.body}`)).size, 1);
  });

  it('records an address that may not be dialled, and dials nothing', async () => {
    const endpoint = await insertEndpoint(database, home);
    const delivery = await insertDelivery(database, endpoint);
    const network = noNetwork(['169.254.169.254']);
    await activityWith(createSender({ allowsLocalhost: false, ...network }))(first(delivery));
    assert.deepEqual(await attemptsOf(database, delivery), [
      { run: 1, attempt: 1, statusCode: null, error: 'address_not_allowed' },
    ]);
    assert.deepEqual(network.dialled, []);
  });

  it('records nothing of an attempt that the end of its worker broke off', async () => {
    const endpoint = await insertEndpoint(database, home);
    const delivery = await insertDelivery(database, endpoint);
    const environment = quietEnvironment();
    const { attemptDelivery } = createWebhookActivities({
      database,
      sendWebhook: (_, signal) => {
        environment.cancel();
        signal?.throwIfAborted();
        return Promise.resolve(answered(200));
      },
      log: silent,
    });
    await assert.rejects(environment.run(attemptDelivery, first(delivery)), { name: 'CancelledFailure' });
    assert.deepEqual(await attemptsOf(database, delivery), []);
    assert.equal((await deliveryOf(database, endpoint)).status, 'pending');
  });
});
