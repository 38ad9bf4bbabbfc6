import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { orderCancellation } from '../../src/db/cancellations.ts';
import { query } from '../../src/db/database.ts';
import { markDispatched } from '../../src/db/dispatch.ts';
import { formatId } from '../../src/domain/ids.ts';
import { runningJobsLimits, type Tier } from '../../src/domain/scopes.ts';
import { createDispatcher, type Dispatcher } from '../../src/temporal/dispatcher.ts';
import { jobWorkflowId, startJobWorkflow } from '../../src/temporal/start-workflow.ts';
import { silent } from '../support/api.ts';
import { until } from '../support/eventually.ts';
import { acceptJob, createHome, retryJob, storedOf, untilOneWaits, type TestJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';

// No worker runs here: what was started stays as it is, and is counted.
describe('the dispatcher', () => {
  let temporal: TestTemporal;
  let postgres: TestDatabase;
  let database: Knex;
  let open: Dispatcher[];

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    postgres = await createTestDatabase();
    ({ database } = postgres);
  });
  after(async () => {
    await temporal.close();
    await postgres.drop();
  });
  beforeEach(() => {
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((dispatcher) => dispatcher.close()));
    // What a test left unstarted is no other test's.
    await query(database, 'update jobs set dispatched_at = now() where dispatched_at is null');
  });

  function dispatch(options: Parameters<typeof createDispatcher>[1] = {}): Dispatcher {
    const dispatcher = createDispatcher(
      { database, temporal: temporal.client, publicUrl: 'https://doppel.example.com', newId, log: silent },
      { scanEveryMs: 50, ...options },
    );
    open.push(dispatcher);
    return dispatcher;
  }

  const accept = async (count: number): Promise<TestJob[]> => {
    const home = await createHome(database);
    return Promise.all(Array.from({ length: count }, () => acceptJob(database, { home })));
  };

  /** As if the process that accepted it had died a while ago. */
  const forgetClaims = () => query(database, 'update jobs set claimed_until = null where dispatched_at is null');

  async function startedOf(jobs: readonly TestJob[]): Promise<number> {
    const rows = await query(database, 'select from jobs where id = any(:ids) and dispatched_at is not null', {
      ids: jobs.map(({ jobId }) => jobId),
    });
    return rows.length;
  }

  const untilStarted = (jobs: readonly TestJob[], count = jobs.length) =>
    until(`${String(count)} jobs are started`, async () => (await startedOf(jobs)) === count);

  /** The runs that Temporal has, or had, of these jobs' workflows. */
  async function runsOf(jobs: readonly TestJob[]): Promise<string[]> {
    const ids = jobs.map((job) => `'${jobWorkflowId(job)}'`).join(', ');
    const found: string[] = [];
    for await (const { workflowId } of temporal.client.workflow.list({ query: `WorkflowId in (${ids})` })) {
      found.push(workflowId);
    }
    return found.sort();
  }

  const untilListed = (jobs: readonly TestJob[]) =>
    until('all are listed', async () => (await runsOf(jobs)).length >= jobs.length);

  it('starts an offered job once, under the job’s id', async () => {
    const [job] = await accept(1);
    assert.ok(job);
    const dispatcher = dispatch();
    dispatcher.jobs.offer(job);
    await untilStarted([job]);
    assert.equal(jobWorkflowId(job), formatId('job', job.jobId));

    await untilListed([job]);
    dispatcher.jobs.offer(job);
    dispatcher.scan();
    await dispatcher.close();
    assert.deepEqual(await runsOf([job]), [formatId('job', job.jobId)]);
  });

  it('tells operators whose job it is, with ids alone', async () => {
    const home = await createHome(database);
    const source = await acceptJob(database, { home });
    const job = await acceptJob(database, { home, sourceId: source.influencerId });
    dispatch().jobs.offer(job);
    await untilStarted([job]);
    const { raw, typedSearchAttributes, memo } = await temporal.client.workflow
      .getHandle(jobWorkflowId(job))
      .describe();
    const attributes = Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
    assert.deepEqual(attributes, {
      OrganizationId: formatId('organization', job.organizationId),
      ProjectId: formatId('project', job.projectId),
      InfluencerId: formatId('influencer', job.influencerId),
      SourceInfluencerId: formatId('influencer', source.influencerId),
      JobKind: 'influencer_create',
    });
    assert.deepEqual(memo, {
      jobId: formatId('job', job.jobId),
      influencerId: formatId('influencer', job.influencerId),
      attempt: 1,
      consoleUrl: `https://doppel.example.com/console/jobs/${formatId('job', job.jobId)}`,
    });
    const { summary, details } = raw.executionConfig?.userMetadata ?? {};
    const told = [summary, details].map((payload) => Buffer.from(payload?.data ?? []).toString()).join('\n');
    assert.match(told, /Clone inf_\w+ → inf_\w+/);
    assert.doesNotMatch(told, /Ava/);
  });

  it('has an organization share workers by its tier, and lets what had to wait for others of it go last', async () => {
    const job = (await accept(1))[0] ?? assert.fail();
    const priorityOf = async (tier: Tier, hasWaited: boolean) => {
      const attempt = (attempts += 1);
      await startJobWorkflow(temporal.client, { ...job, attempt, tier, hasWaited });
      const { raw } = await temporal.client.workflow.getHandle(jobWorkflowId({ ...job, attempt })).describe();
      const { fairnessKey, fairnessWeight, priorityKey } = raw.workflowExecutionInfo?.priority ?? {};
      assert.equal(fairnessKey, formatId('organization', job.organizationId));
      return [fairnessWeight, priorityKey];
    };
    let attempts = 0;
    assert.deepEqual(await priorityOf('standard', false), [1, 3]);
    assert.deepEqual(await priorityOf('partner', true), [5, 4]);
  });

  it('finds by its scan what was committed and never offered', async () => {
    const jobs = await accept(25);
    await forgetClaims();
    dispatch({ maxConcurrent: 4 }).scan();
    await untilStarted(jobs);
    await untilListed(jobs);
    assert.equal((await runsOf(jobs)).length, 25);
  });

  it('goes on at once where there is more than it takes at a time', async () => {
    const jobs = await accept(50);
    await forgetClaims();
    dispatch({ maxConcurrent: 4, scanEveryMs: 600_000 }).scan();
    await untilStarted(jobs);
  });

  it('lets an organization run only so many at once, and keeps no other one waiting for its turn', async () => {
    const limit = runningJobsLimits.standard;
    const home = await createHome(database, 'standard');
    const many: TestJob[] = [];
    for (let i = 0; i < limit + 3; i++) many.push(await acceptJob(database, { home }));
    const few = await accept(3);
    await forgetClaims();
    dispatch({ maxConcurrent: 2 }).scan();
    dispatch({ maxConcurrent: 2 }).scan();
    await untilStarted([...many, ...few], limit + 3);
    assert.deepEqual([await startedOf(many), await startedOf(few)], [limit, 3]);
    const [ended] = many;
    await query(database, `update jobs set status = 'canceled', stage = null, finished_at = now() where id = :id`, {
      id: ended?.jobId,
    });
    await untilStarted(many, limit + 1);
  });

  it('gathers nothing with the jobs that it starts', async () => {
    const warnings: string[] = [];
    const hear = ({ name }: Error) => warnings.push(name);
    process.on('warning', hear);
    try {
      const jobs = await accept(25);
      const dispatcher = dispatch({ maxConcurrent: 2 });
      for (const job of jobs) dispatcher.jobs.offer(job);
      await untilStarted(jobs);
      await setImmediate(); // warnings come in a tick of their own
      assert.ok(!warnings.includes('MaxListenersExceededWarning'));
    } finally {
      process.off('warning', hear);
    }
  });

  it('leaves a job to the process that accepted it while its claim lasts', async () => {
    const [claimed, forgotten] = await accept(2);
    assert.ok(claimed && forgotten);
    await query(database, 'update jobs set claimed_until = null where id = :id', { id: forgotten.jobId });
    dispatch().scan();
    await untilStarted([forgotten]);
    assert.equal(await startedOf([claimed]), 0);
  });

  it('starts each job once when several scan at the same time', async () => {
    const jobs = await accept(40);
    await forgetClaims();
    for (let index = 0; index < 3; index++) dispatch().scan();
    await untilStarted(jobs);
    await untilListed(jobs);
    assert.deepEqual(await runsOf(jobs), jobs.map(jobWorkflowId).sort());
  });

  it('only marks a job whose workflow ran already', async () => {
    const [job] = await accept(1);
    assert.ok(job);
    await startJobWorkflow(temporal.client, job);
    const handle = temporal.client.workflow.getHandle(jobWorkflowId(job));
    await handle.terminate('as an operator may');
    dispatch().jobs.offer(job);
    await untilStarted([job]);
    assert.equal((await handle.describe()).status.name, 'TERMINATED');
  });

  it('gives the second attempt a workflow of its own', async () => {
    const [job] = await accept(1);
    assert.ok(job);
    await query(database, 'update jobs set attempt = 2 where id = :id', { id: job.jobId });
    dispatch().jobs.offer({ ...job, attempt: 2 });
    await untilStarted([job]);
    const { workflowId } = await temporal.client.workflow.getHandle(`${formatId('job', job.jobId)}.2`).describe();
    assert.equal(workflowId, `${formatId('job', job.jobId)}.2`);
  });

  it('leaves what is offered beyond its queue to the scan', async () => {
    const jobs = await accept(10);
    const dispatcher = dispatch({ maxConcurrent: 1, maxWaiting: 2 });
    for (const job of jobs) dispatcher.jobs.offer(job);
    await untilStarted(jobs, 3);
    assert.equal(await startedOf(jobs), 3);
    await forgetClaims();
    dispatcher.scan();
    await untilStarted(jobs);
  });

  it('takes nothing more once it is closed', async () => {
    const [job] = await accept(1);
    assert.ok(job);
    const dispatcher = dispatch();
    await dispatcher.close();
    dispatcher.jobs.offer(job);
    await assert.rejects(temporal.client.workflow.getHandle(jobWorkflowId(job)).describe(), {
      name: 'WorkflowNotFoundError',
    });
  });

  it('closes only when a start under way is settled in Postgres', async () => {
    const [job] = await accept(1);
    assert.ok(job);
    let isClosed = false;
    const { closing } = await database.transaction(async (trx) => {
      await query(trx, 'select from jobs where id = :jobId for update', { jobId: job.jobId });
      const dispatcher = dispatch({ scanEveryMs: 60_000 });
      dispatcher.jobs.offer(job);
      await untilOneWaits(database);
      const closing = dispatcher.close().then(() => {
        isClosed = true;
      });
      await setImmediate();
      assert.equal(isClosed, false);
      return { closing };
    });
    await closing;
    assert.notEqual((await storedOf(database, job)).job.dispatchedAt, null);
  });

  it('starts what was accepted while Temporal was away, once it is back', async () => {
    const jobs = await accept(5);
    await temporal.kill();
    const dispatcher = dispatch();
    for (const job of jobs) dispatcher.jobs.offer(job);
    dispatcher.scan();
    await forgetClaims();
    const later = await accept(5);
    assert.equal(await startedOf([...jobs, ...later]), 0);

    await temporal.restart();
    await untilStarted([...jobs, ...later]);
    await untilListed([...jobs, ...later]);
    assert.equal((await runsOf([...jobs, ...later])).length, 10);
  });

  describe('delivers cancellations', () => {
    const isCancelRequested = async (job: TestJob) =>
      (await temporal.client.workflow.getHandle(jobWorkflowId(job)).describe()).raw.workflowExtendedInfo
        ?.cancelRequested;
    const started = async () => {
      const [job] = await accept(1);
      assert.ok(job);
      await startJobWorkflow(temporal.client, job);
      await markDispatched(database, [job]);
      return job;
    };
    const untilDelivered = (job: TestJob) =>
      until('the cancellation is delivered', async () => {
        const row = await database('jobs').where({ id: job.jobId }).first();
        return row.cancellation_undelivered === false;
      });

    it('at once where they are offered, and leaves it to the workflow to end its job', async () => {
      const job = await started();
      await orderCancellation(database, job, 'canceled');
      dispatch().cancellations.offer(job);
      await untilDelivered(job);
      assert.equal(await isCancelRequested(job), true);
      assert.equal((await storedOf(database, job)).job.status, 'running');
    });

    it('by the scan where the process that stored them is gone, to each attempt its own', async () => {
      const job = await started();
      const other = await started();
      await orderCancellation(database, job, 'canceled');
      await database('jobs').where({ id: job.jobId }).update({ cancellation_claimed_until: null });
      dispatch().scan();
      await untilDelivered(job);
      assert.deepEqual([await isCancelRequested(job), await isCancelRequested(other)], [true, false]);
    });

    it('until Temporal took them, when it was away', async () => {
      const job = await started();
      await temporal.kill();
      await orderCancellation(database, job, 'canceled');
      const dispatcher = dispatch();
      dispatcher.cancellations.offer(job);
      dispatcher.scan();
      await temporal.restart();
      await untilDelivered(job);
      assert.equal(await isCancelRequested(job), true);
    });

    it('and ends the job itself where Temporal has no workflow that would', async () => {
      const [job] = await accept(1);
      assert.ok(job);
      await markDispatched(database, [job]);
      await orderCancellation(database, job, 'canceled');
      dispatch().cancellations.offer(job);
      await untilDelivered(job);
      const now = await storedOf(database, job);
      assert.deepEqual([now.job.status, now.influencer.status], ['canceled', 'failed']);
    });

    it('and changes nothing of a job that has ended, or that is retried since', async () => {
      const job = await started();
      await orderCancellation(database, job, 'canceled');
      await temporal.client.workflow.getHandle(jobWorkflowId(job)).terminate('it has ended');
      await database('jobs')
        .where({ id: job.jobId })
        .update({ status: 'canceled', stage: null, finished_at: new Date() });
      const again = await retryJob(database, job);
      const dispatcher = dispatch();
      dispatcher.cancellations.offer(job);
      dispatcher.jobs.offer(again);
      await untilStarted([again]);
      await dispatcher.close();
      const now = await storedOf(database, again);
      assert.deepEqual([now.job.status, now.job.attempt], ['running', 2]);
      assert.equal(await isCancelRequested(again), false);
    });
  });
});
