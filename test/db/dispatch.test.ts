import assert from 'node:assert/strict';
import { isUnavailable } from '../../src/db/database.ts';
import { claimUndispatched, markDispatched } from '../../src/db/dispatch.ts';
import { oneAtATime } from '../../src/db/one-at-a-time.ts';
import { runningJobsLimits } from '../../src/domain/scopes.ts';
import { until } from '../support/eventually.ts';
import { acceptJob, createHome, retryJob, type Home, type TestJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

describe('claiming jobs that were not started', () => {
  let testDatabase: TestDatabase;
  before(async () => {
    testDatabase = await createTestDatabase();
  });
  after(() => testDatabase.drop());
  beforeEach(() => testDatabase.database('jobs').update({ dispatched_at: new Date() }));

  const expireClaims = (of = testDatabase.database('jobs')) => of.update({ claimed_until: new Date(Date.now() - 1) });
  const claim = (limit = 100) => claimUndispatched(testDatabase.database, limit, runningJobsLimits);
  const idsOf = (jobs: readonly { jobId: string }[]) => jobs.map(({ jobId }) => jobId).sort();
  const rowOf = (job: TestJob) => testDatabase.database('jobs').where({ id: job.jobId }).first();

  /** Jobs that nobody has a claim on (any more). */
  const unclaimed = async (count: number, home = createHome(testDatabase.database)): Promise<TestJob[]> => {
    const jobs: TestJob[] = [];
    for (let i = 0; i < count; i++) jobs.push(await acceptJob(testDatabase.database, { home: await home }));
    await expireClaims();
    return jobs;
  };

  it('tells what is needed to start them', async () => {
    const [source] = await unclaimed(1);
    assert.ok(source);
    const clone = await acceptJob(testDatabase.database, { home: source, sourceId: source.influencerId });
    await expireClaims();
    const { organizationId, projectId } = source;
    const what = {
      organizationId,
      projectId,
      attempt: 1,
      kind: 'influencer_create',
      tier: 'internal',
      hasWaited: false,
    };
    assert.deepEqual(await claim(), [
      { ...what, jobId: source.jobId, influencerId: source.influencerId, sourceInfluencerId: null },
      { ...what, jobId: clone.jobId, influencerId: clone.influencerId, sourceInfluencerId: source.influencerId },
    ]);
  });

  it('tells which had to wait for others of their organization', async () => {
    const home = await createHome(testDatabase.database, 'pilot');
    const wishes = { home, runningLimit: 1 };
    for (let i = 0; i < 2; i++) await acceptJob(testDatabase.database, wishes);
    await expireClaims(testDatabase.database('jobs').whereNotNull('claimed_until'));
    assert.deepEqual(
      (await claim()).map(({ tier, hasWaited }) => [tier, hasWaited]),
      [
        ['pilot', false],
        ['pilot', true],
      ],
    );
  });

  it('leaves a job that was just accepted to the process that accepted it', async () => {
    await acceptJob(testDatabase.database);
    assert.deepEqual(await claim(), []);
  });

  it('gives a claimed job to nobody else, until the claim runs out', async () => {
    const jobs = await unclaimed(3);
    assert.deepEqual(idsOf(await claim()), idsOf(jobs));
    assert.deepEqual(await claim(), []);
    const rows = await testDatabase.database('jobs').whereIn('id', idsOf(jobs));
    for (const { claimed_until: until } of rows) assert.ok(until.getTime() > Date.now());
    await expireClaims();
    assert.deepEqual(idsOf(await claim()), idsOf(jobs));
  });

  it('gives each job to one of many that claim at the same time', async () => {
    const jobs = await unclaimed(60);
    const claims: TestJob[][] = [];
    for (let round = 0; round < 20 && claims.flat().length < jobs.length; round++) {
      claims.push(...(await Promise.all(Array.from({ length: 8 }, () => claim(5)))));
    }
    assert.deepEqual(idsOf(claims.flat()), idsOf(jobs));
    for (const one of claims) assert.ok(one.length <= 5);
  });

  it('lets no organization run more than its limit where many claim at the same time', async () => {
    const limit = runningJobsLimits.standard;
    await unclaimed(2 * limit, createHome(testDatabase.database, 'standard'));
    for (let round = 0; round < 50; round++) {
      await expireClaims();
      const claims = await Promise.all(Array.from({ length: 8 }, () => claim()));
      assert.equal(claims.flat().length, limit);
    }
  });

  it('waits for no other claim, and takes the turn from a process that hangs', async () => {
    const jobs = await unclaimed(1);
    const turn = { what: 'claimUndispatched', maxSilenceMs: 1_000 };
    const hanging = oneAtATime(testDatabase.database, turn, async () => {
      assert.deepEqual(await claim(), []);
      await until('another one has the turn', async () => (await claim()).length === jobs.length);
    });
    await assert.rejects(hanging, isUnavailable);
  });

  it('passes over a job that another transaction holds, instead of waiting', async () => {
    const [held, free] = await unclaimed(2);
    assert.ok(held && free);
    await testDatabase.database.transaction(async (holder) => {
      await holder('jobs').where({ id: held.jobId }).forUpdate();
      assert.deepEqual(idsOf(await claim()), [free.jobId]);
    });
    assert.deepEqual(idsOf(await claim()), [held.jobId]);
  });

  it('shares a claim equally among organizations, the oldest jobs of each first', async () => {
    const many = await unclaimed(30);
    const few = await unclaimed(2);
    const [one] = await unclaimed(1);
    assert.ok(one);
    const first = await claim(7);
    assert.deepEqual(idsOf(first), idsOf([...many.slice(0, 4), ...few, one]));
    assert.deepEqual(idsOf(await claim(7)), idsOf(many.slice(4, 11)));
  });

  it('does not claim a job that was started, or that has ended', async () => {
    const [started, ended, open] = await unclaimed(3);
    assert.ok(started && ended && open);
    await markDispatched(testDatabase.database, [started]);
    await testDatabase
      .database('jobs')
      .where({ id: ended.jobId })
      .update({ status: 'canceled', stage: null, finished_at: new Date() });
    await expireClaims();
    assert.deepEqual(idsOf(await claim()), [open.jobId]);
  });

  describe('of an organization that may run only so many at once', () => {
    const standard = runningJobsLimits.standard;
    const claimFor = async (home: Home, jobs: readonly TestJob[], limit = 1_000) => {
      const claimed = await claim(limit);
      for (const { organizationId } of claimed) assert.equal(organizationId, home.organizationId);
      return idsOf(claimed).filter((id) => idsOf(jobs).includes(id));
    };
    let home: Home;
    beforeEach(async () => {
      home = await createHome(testDatabase.database, 'standard');
    });

    it('claims no more than that, the oldest first, and the next ones as others end', async () => {
      const jobs = await unclaimed(standard + 5, Promise.resolve(home));
      const [first, ...others] = await claimFor(home, jobs);
      assert.deepEqual([first, ...others], idsOf(jobs).slice(0, standard));
      await markDispatched(testDatabase.database, jobs.slice(0, standard));
      await expireClaims();
      assert.deepEqual(await claimFor(home, jobs), []);
      await testDatabase
        .database('jobs')
        .whereIn('id', idsOf(jobs).slice(0, 2))
        .update({ status: 'canceled', stage: null, finished_at: new Date() });
      assert.deepEqual(await claimFor(home, jobs), idsOf(jobs).slice(standard, standard + 2));
    });

    it('holds no other organization up', async () => {
      const jobs = await unclaimed(standard + 1, Promise.resolve(home));
      await markDispatched(testDatabase.database, jobs.slice(0, standard));
      const [other] = await unclaimed(1);
      assert.deepEqual(idsOf(await claim(1)), [other?.jobId]);
    });

    it('accepts the next ones all the same, unclaimed: their turn comes with a scan', async () => {
      const jobs = await unclaimed(standard, Promise.resolve(home));
      await markDispatched(testDatabase.database, jobs);
      const late = await acceptJob(testDatabase.database, { home, runningLimit: standard });
      assert.equal((await rowOf(late)).claimed_until, null);
      assert.deepEqual(await claim(), []);
    });
  });

  describe('marking a job as started', () => {
    it('ends its claim, and keeps the first time', async () => {
      const [job] = await unclaimed(1);
      assert.ok(job);
      await claim();
      await markDispatched(testDatabase.database, [job]);
      const { dispatched_at: startedAt, claimed_until: claimedUntil } = await rowOf(job);
      assert.notEqual(startedAt, null);
      assert.equal(claimedUntil, null);
      await markDispatched(testDatabase.database, [job]);
      assert.deepEqual((await rowOf(job)).dispatched_at, startedAt);
    });

    it('does nothing for an attempt that a later one has replaced', async () => {
      const [job] = await unclaimed(1);
      assert.ok(job);
      await testDatabase
        .database('jobs')
        .where({ id: job.jobId })
        .update({ status: 'canceled', stage: null, finished_at: new Date() });
      const second = await retryJob(testDatabase.database, job);
      await markDispatched(testDatabase.database, [job]);
      assert.equal((await rowOf(job)).dispatched_at, null);
      assert.deepEqual(await claim(), [], 'the process that retries it starts it');
      await testDatabase.database('jobs').where({ id: job.jobId }).update({ claimed_until: null });
      const [claimed] = await claim();
      assert.equal(claimed?.attempt, 2);
      await markDispatched(testDatabase.database, [second]);
      assert.notEqual((await rowOf(job)).dispatched_at, null);
    });
  });
});
