import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { claimCancellations, orderCancellation } from '../../src/db/cancellations.ts';
import { markDeliveryDispatched, type DeliveryDispatch } from '../../src/db/delivery-dispatch.ts';
import { markDispatched } from '../../src/db/dispatch.ts';
import { oneAtATime } from '../../src/db/one-at-a-time.ts';
import { openTemporal } from '../../src/temporal/connection.ts';
import { reconcileJobs } from '../../src/temporal/reconcile-jobs.ts';
import { createReconciler, reconcilingTurn, type Reconciler } from '../../src/temporal/reconciler.ts';
import { reconciliation } from '../../src/temporal/reconciliation.ts';
import { deliveryWorkflowId, startDeliveryWorkflow } from '../../src/temporal/start-delivery.ts';
import { jobWorkflowId, startJobWorkflow } from '../../src/temporal/start-workflow.ts';
import { attemptOf } from '../support/activities.ts';
import { silent } from '../support/api.ts';
import { acceptJob, assertEventsGapless, createHome, retryJob, storedOf, type TestJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { insertDelivery, insertEndpoint } from '../support/webhooks.ts';

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);

// No worker runs here: a workflow stays as it was started.
describe('the reconciler', () => {
  let temporal: TestTemporal;
  let postgres: TestDatabase;
  let database: Knex;
  let reconciler: Reconciler;
  const away = openTemporal({ connectionOptions: { address: '127.0.0.1:1' } });

  const reconcilerOn = ({ client: client, connection }: { client: TestTemporal['client']; connection: unknown }) =>
    createReconciler(
      {
        database,
        temporal: client,
        connection: connection as typeof away.connection,
        cancellations: { offer: () => undefined },
        newId,
        log: silent,
      },
      { attemptTimeoutMinutes: 120 },
    );

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    postgres = await createTestDatabase();
    ({ database } = postgres);
    reconciler = reconcilerOn({ client: temporal.client, connection: temporal.client.connection });
  });
  after(async () => {
    await away.connection.close();
    await temporal.close();
    await postgres.drop();
  });
  // What a test left is no other test's.
  afterEach(async () => {
    await database('jobs')
      .where({ status: 'running' })
      .update({ status: 'canceled', stage: null, finished_at: new Date() });
    await database('jobs').update({ cancellation_undelivered: false });
  });

  const change = (job: TestJob, columns: Record<string, unknown>) =>
    database('jobs').where({ id: job.jobId }).update(columns);
  /** As if nothing had moved for a while. */
  const still = (job: TestJob) => change(job, { dispatched_at: hoursAgo(1), updated_at: hoursAgo(1) });
  const handleOf = (job: TestJob) => temporal.client.workflow.getHandle(jobWorkflowId(job));
  const statusOf = async (job: TestJob) => (await handleOf(job).describe()).status.name;
  const stored = (job: TestJob) => storedOf(database, job);
  const waiting = async () => {
    await database('jobs').update({ cancellation_claimed_until: null });
    return claimCancellations(database, 100);
  };

  async function started(): Promise<TestJob> {
    const job = await acceptJob(database);
    await startJobWorkflow(temporal.client, job);
    await markDispatched(database, [job]);
    await still(job);
    return job;
  }

  const assertFailed = async (job: TestJob, code: string, message: string) => {
    const now = await stored(job);
    assert.deepEqual(
      [now.job.status, now.job.error, now.influencer.status, now.influencer.errorMessage],
      ['failed', { code, message, retryable: true, details: null }, 'failed', message],
    );
    assert.equal(now.events.at(-1)?.type, 'job.failed');
    assertEventsGapless(now);
  };
  const terminated = ['TERMINATED', 'The job was ended from outside, by an operator.'] as const;
  const timedOut = ['TIMED_OUT', 'The job did not end in time.'] as const;

  it('leaves a job alone whose workflow runs', async () => {
    const job = await started();
    const before = await stored(job);
    await reconciler.reconcile();
    assert.deepEqual(await stored(job), before);
    assert.equal(await statusOf(job), 'RUNNING');
  });

  it('fails a job whose workflow was terminated, and it can be retried', async () => {
    const job = await started();
    await handleOf(job).terminate('as an operator may');
    await reconciler.reconcile();
    await assertFailed(job, ...terminated);
    const again = await retryJob(database, job);
    await startJobWorkflow(temporal.client, again);
    await markDispatched(database, [again]);
    await still(again);
    await reconciler.reconcile();
    assert.deepEqual([(await stored(again)).job.status, await statusOf(again)], ['running', 'RUNNING']);
  });

  it('does not look at a job that moved just now: its own steps may be about to end it', async () => {
    const job = await started();
    await handleOf(job).terminate('as an operator may');
    await change(job, { updated_at: new Date() });
    await reconciler.reconcile();
    assert.equal((await stored(job)).job.status, 'running');
  });

  it('ends as canceled what was to be canceled when its workflow was terminated', async () => {
    const job = await started();
    await orderCancellation(database, job, 'canceled');
    await handleOf(job).terminate('as an operator may');
    await reconciler.reconcile();
    assert.equal((await stored(job)).job.status, 'canceled');
  });

  it('starts a job anew that Temporal does not know, three times, with what was recorded kept, then fails it', async () => {
    const job = await acceptJob(database);
    for (let restart = 1; restart <= 3; restart++) {
      await change(job, { stage: 'rendering', progress: 0.5 });
      await still(job);
      await reconciler.reconcile();
      const now = await stored(job);
      assert.deepEqual(
        [now.job.status, now.job.stage, now.job.progress, now.job.attempt, now.job.dispatchedAt],
        ['running', 'rendering', 0.5, 1, null],
      );
      const { restarts } = await database('jobs').where({ id: job.jobId }).first();
      assert.equal(restarts, restart);
    }
    await still(job);
    await reconciler.reconcile();
    await assertFailed(job, ...terminated);
  });

  it('gives a job that was lost for long all the time of an attempt, instead of ending it', async () => {
    const job = await acceptJob(database);
    await still(job);
    await change(job, { stage: 'rendering', rendering_at: hoursAgo(5), attempt_at: hoursAgo(30) });
    await reconciler.reconcile();
    const row = await database('jobs').where({ id: job.jobId }).first();
    assert.deepEqual([row.status, row.dispatched_at, row.rendering_at, row.restarts], ['running', null, null, 1]);
    await reconciler.reconcile();
    assert.equal((await stored(job)).job.status, 'running');
  });

  it('tells Temporal again of a cancellation that a reset made it forget', async () => {
    const job = await started();
    await change(job, { cancel_requested_at: new Date() });
    await reconciler.reconcile();
    assert.deepEqual(await waiting(), [attemptOf(job)]);
  });

  it('ends a job whose workflow does not stop within five minutes, and the workflow', async () => {
    const job = await started();
    await change(job, { cancel_requested_at: hoursAgo(0.1) });
    await reconciler.reconcile();
    assert.deepEqual([(await stored(job)).job.status, await statusOf(job)], ['canceled', 'TERMINATED']);
  });

  it('tries again to end a workflow that could not be ended, before its job has', async () => {
    const job = await started();
    await change(job, { cancel_requested_at: hoursAgo(0.1) });
    const by = reconciliation({
      ...{ database, temporal: temporal.client, cancellations: { offer: () => undefined }, newId, log: silent },
      signal: new AbortController().signal,
    });
    const broken = { ...by, terminate: () => Promise.reject(new Error('no answer')) };
    await reconcileJobs(broken);
    assert.deepEqual([(await stored(job)).job.status, await statusOf(job)], ['running', 'RUNNING']);
    await reconcileJobs(by);
    assert.deepEqual([(await stored(job)).job.status, await statusOf(job)], ['canceled', 'TERMINATED']);
  });

  describe('when the time of a job is up', () => {
    it('has its workflow canceled, and the job then fails', async () => {
      const job = await started();
      await change(job, { stage: 'rendering', rendering_at: hoursAgo(2.1) });
      await reconciler.reconcile();
      assert.deepEqual(await waiting(), [attemptOf(job)]);
      assert.equal((await stored(job)).job.status, 'running');
      await handleOf(job).terminate('the cancellation, where no worker is');
      await reconciler.reconcile();
      await assertFailed(job, ...timedOut);
    });

    it('ends one that was never started, after 24 hours, without Temporal', async () => {
      const job = await acceptJob(database);
      await change(job, { attempt_at: hoursAgo(24.1) });
      await reconcilerOn({ client: away.temporal, connection: away.connection }).reconcile();
      await assertFailed(job, ...timedOut);
    });

    it('counts no time in the queue: what waits, or began later, goes on', async () => {
      const queued = await started();
      await change(queued, { attempt_at: hoursAgo(23), started_at: hoursAgo(50) });
      const drawing = await started();
      await change(drawing, { attempt_at: hoursAgo(30), stage: 'rendering', rendering_at: hoursAgo(1.9) });
      await reconciler.reconcile();
      assert.deepEqual(await waiting(), []);
      for (const job of [queued, drawing]) assert.equal((await stored(job)).job.status, 'running');
    });
  });

  describe('a delivery of a webhook that is overdue', () => {
    const overdue = async () => {
      const { organizationId } = await createHome(database);
      const endpoint = await insertEndpoint(database, { organizationId });
      const delivery = await insertDelivery(database, endpoint, 'pending');
      await startDeliveryWorkflow(temporal.client, delivery);
      await markDeliveryDispatched(database, delivery);
      await database('webhook_deliveries')
        .where({ id: delivery.deliveryId })
        .update({ dispatched_at: hoursAgo(1), next_attempt_at: hoursAgo(1) });
      return delivery;
    };
    const runOf = async ({ deliveryId }: DeliveryDispatch) => {
      const row = await database('webhook_deliveries').where({ id: deliveryId }).first();
      return [row.status, row.run, row.dispatched_at !== null];
    };

    it('is left alone while its workflow runs: a worker will come', async () => {
      const delivery = await overdue();
      await reconciler.reconcile();
      assert.deepEqual(await runOf(delivery), ['pending', 1, true]);
    });

    it('begins anew when its workflow was terminated, or lost', async () => {
      const delivery = await overdue();
      await temporal.client.workflow.getHandle(deliveryWorkflowId(delivery)).terminate('as an operator may');
      await reconciler.reconcile();
      assert.deepEqual(await runOf(delivery), ['pending', 2, false]);
    });
  });

  it('brings back search attributes and Schedules that are gone', async () => {
    const schedule = temporal.client.schedule.getHandle('housekeeping');
    await reconciler.reconcile();
    await schedule.delete();
    const { operatorService } = temporal.client.connection;
    await operatorService.removeSearchAttributes({ namespace: 'default', searchAttributes: ['JobKind'] });
    await reconciler.reconcile();
    assert.equal((await schedule.describe()).scheduleId, 'housekeeping');
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace: 'default' });
    assert.ok('JobKind' in customAttributes);
  });

  it('is one at a time: where another process is at it, it does nothing', async () => {
    const job = await started();
    await handleOf(job).terminate('as an operator may');
    await oneAtATime(database, reconcilingTurn, async () => {
      await reconciler.reconcile();
      assert.equal((await stored(job)).job.status, 'running');
    });
    await reconciler.reconcile();
    assert.equal((await stored(job)).job.status, 'failed');
  });

  it('goes on with the other jobs where one gives trouble', async () => {
    const jobs = [await started(), await started(), await started()];
    for (const job of jobs) await handleOf(job).terminate('as an operator may');
    const [first] = jobs;
    assert.ok(first);
    // An influencer that cannot be moved: the statement that ends its job is refused.
    await database.raw(
      `alter table influencers add constraint stuck check (id <> '${first.influencerId}' or status = 'pending')`,
    );
    try {
      await reconciler.reconcile();
      const statuses = await Promise.all(jobs.map(async (job) => (await stored(job)).job.status));
      assert.deepEqual(statuses, ['running', 'failed', 'failed']);
    } finally {
      await database.raw('alter table influencers drop constraint stuck');
    }
  });
});
