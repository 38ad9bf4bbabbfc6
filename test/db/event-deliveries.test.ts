import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { endJob, lockRunningJob } from '../../src/db/job-moves.ts';
import { insertProject } from '../../src/db/projects.ts';
import { updateWebhookEndpoint } from '../../src/db/webhook-endpoints.ts';
import { webhookEvents, type WebhookEvent } from '../../src/domain/webhook.ts';
import { attemptOf, beginDrawing, complete, startTestActivities, type TestActivities } from '../support/activities.ts';
import { until } from '../support/eventually.ts';
import { acceptJob, createHome, type Home } from '../support/jobs.ts';
import { deliveriesOf, deliveryOf, insertEndpoint } from '../support/webhooks.ts';

describe('the deliveries of an event', () => {
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

  const error = { code: 'INTERNAL' as const, message: 'A fault.', retryable: true, details: null };

  it('are written with it: one for each endpoint that subscribes to it, under the event’s id', async () => {
    const all = await insertEndpoint(database, home, { events: webhookEvents });
    const few = await insertEndpoint(database, home, { events: ['job.completed', 'job.failed'] });
    const job = await acceptJob(database, { home });
    await complete(steps.run, job);
    const { rows: events } = await database.raw<{ rows: { id: string; type: string; seq: number }[] }>(
      'select id, type, seq from job_events where job_id = :jobId order by seq',
      { jobId: job.jobId },
    );
    const told = await deliveriesOf(database, all);
    assert.deepEqual(
      told
        .filter(({ type }) => type !== 'influencer.ready')
        .map(({ eventId, type, seq }) => ({ id: eventId, type, seq })),
      events.filter(({ type }) => type !== 'job.accepted'),
    );
    for (const delivery of told) {
      assert.deepEqual([delivery.jobId, delivery.status, delivery.run], [job.jobId, 'pending', 1]);
      assert.match(delivery.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/); // a UUIDv7, of this minute
      assert.equal(delivery.id.slice(0, 7), newId().slice(0, 7));
    }
    assert.equal(new Set(told.map(({ id }) => id)).size, told.length);
    assert.deepEqual((await deliveryOf(database, few)).eventId, events.at(-1)?.id);
  });

  it('tell the influencer that is ready under an id of its own, which is always the same of one event', async () => {
    const endpoints = [
      await insertEndpoint(database, home, { events: ['influencer.ready'] }),
      await insertEndpoint(database, home, { events: ['job.completed', 'influencer.ready'] }),
    ];
    await complete(steps.run, await acceptJob(database, { home }));
    const [[only] = [], both] = await Promise.all(endpoints.map((one) => deliveriesOf(database, one)));
    assert.deepEqual(
      both?.map(({ type }) => type),
      ['influencer.ready', 'job.completed'],
    );
    assert.equal(only?.eventId, both[0]?.eventId);
    assert.equal(new Set(both.map(({ eventId }) => eventId)).size, 2);
  });

  for (const [type, end] of Object.entries<(job: { jobId: string; attempt: number }) => Promise<void>>({
    'job.failed': (job) => steps.run.failJob({ ...job, error }),
    'job.canceled': (job) => steps.run.cancelJob(job),
  })) {
    it(`tell ${type}, without an influencer that is ready`, async () => {
      const endpoint = await insertEndpoint(database, home, { events: [type as WebhookEvent, 'influencer.ready'] });
      const job = await acceptJob(database, { home });
      await beginDrawing(steps.run, job);
      await end(attemptOf(job));
      assert.equal((await deliveryOf(database, endpoint)).type, type);
    });
  }

  it('go to no endpoint of another organization, environment or project, nor to one that is disabled or deleted', async () => {
    const projectId = newId();
    await insertProject(database, { ...home, id: projectId, environment: 'live', name: 'Another' });
    const own = await insertEndpoint(database, home, { projectId: home.projectId });
    const others = [
      await insertEndpoint(database, await createHome(database)),
      await insertEndpoint(database, home, { environment: 'test' }),
      await insertEndpoint(database, home, { projectId }),
      await insertEndpoint(database, home, { status: 'disabled' }),
      await insertEndpoint(database, home),
    ];
    await database('webhook_endpoints')
      .where({ id: others.at(-1)?.id })
      .update({ deleted_at: new Date(), secret: null });
    await complete(steps.run, await acceptJob(database, { home }));
    assert.equal((await deliveriesOf(database, own)).length, 1);
    for (const one of others) assert.deepEqual(await deliveriesOf(database, one), []);
  });

  it('are not there when the event is not', async () => {
    const endpoint = await insertEndpoint(database, home, { events: webhookEvents });
    const job = await acceptJob(database, { home });
    const undone = database.transaction(async (trx) => {
      const running = await lockRunningJob(trx, attemptOf(job));
      assert.ok(running);
      await endJob(trx, running, { status: 'canceled' }, newId());
      throw new Error('undone');
    });
    await assert.rejects(undone, /undone/);
    assert.deepEqual(await deliveriesOf(database, endpoint), []);
  });

  it('are held while the endpoint is paused, and pending once it is enabled', async () => {
    const endpoint = await insertEndpoint(database, home, { status: 'paused' });
    await complete(steps.run, await acceptJob(database, { home }));
    assert.deepEqual((await deliveryOf(database, endpoint)).status, 'held');
    await updateWebhookEndpoint(database, { ...endpoint, environment: 'live' }, { status: 'enabled' });
    const { status, nextAttemptAt } = await deliveryOf(database, endpoint);
    assert.equal(status, 'pending');
    assert.ok(nextAttemptAt);
  });

  it('are not missed by enabling, however it meets the event', async () => {
    const endpoint = await insertEndpoint(database, home, { status: 'paused', events: ['job.failed'] });
    const job = await acceptJob(database, { home });
    await beginDrawing(steps.run, job);
    // The event is written, and not committed yet, when the endpoint is enabled.
    const writer = await database.transaction();
    const running = await lockRunningJob(writer, attemptOf(job));
    assert.ok(running);
    await endJob(writer, running, { status: 'failed', error }, newId());
    const enabling = database.transaction((trx) =>
      updateWebhookEndpoint(trx, { ...endpoint, environment: 'live' }, { status: 'enabled' }),
    );
    await until('enabling waits', async () => {
      const { rows } = await database.raw<{ rows: unknown[] }>(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });
    await writer.commit();
    await enabling;
    assert.equal((await deliveryOf(database, endpoint)).status, 'pending');
  });

  it('wait for an endpoint whose status just changes, and heed what it is then', async () => {
    const endpoint = await insertEndpoint(database, home);
    const job = await acceptJob(database, { home });
    await beginDrawing(steps.run, job);
    const changer = await database.transaction();
    await updateWebhookEndpoint(changer, { ...endpoint, environment: 'live' }, { status: 'disabled' });
    let isWritten = false;
    const completing = steps.run.failJob({ ...attemptOf(job), error }).then(() => {
      isWritten = true;
    });
    await until('the event waits', async () => {
      const { rows } = await database.raw<{ rows: unknown[] }>(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });
    assert.equal(isWritten, false);
    await changer.commit();
    await completing;
    assert.deepEqual(await deliveriesOf(database, endpoint), []);
  });
});
