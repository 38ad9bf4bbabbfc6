import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { endJob, lockRunningJob, moveJob, type RunningJob } from '../../src/db/job-moves.ts';
import { findDrawingOrder, findJob } from '../../src/db/jobs.ts';
import { beginShots, settleFailed, settleRendered, startShot } from '../../src/db/shots.ts';
import { type jobStages, type JobAttempt } from '../../src/domain/job.ts';
import { shots } from '../../src/domain/shots.ts';
import { newPicture } from '../support/builders.ts';
import { until } from '../support/eventually.ts';
import { acceptJob, assertEventsGapless, retryJob, storedOf, untilOneWaits, type TestJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const failure = { code: 'RENDER_FAILED', message: 'no pencil', retryable: true, details: null } as const;

describe('a job in the database', () => {
  let testDatabase: TestDatabase;
  let database: Knex;
  let job: TestJob;

  before(async () => {
    testDatabase = await createTestDatabase();
    ({ database } = testDatabase);
  });
  after(() => testDatabase.drop());
  beforeEach(async () => {
    job = await acceptJob(database);
  });

  /** Does something to the job as an activity does: in a transaction, under its lock. */
  const locked = <Result>(
    act: (trx: Knex.Transaction, running: RunningJob) => Promise<Result>,
    attempt: JobAttempt = job,
  ): Promise<Result | undefined> =>
    database.transaction(async (trx) => {
      const running = await lockRunningJob(trx, attempt);
      return running === undefined ? undefined : act(trx, running);
    });
  const move = (progress: number, stage: (typeof jobStages)[number] = 'rendering', attempt: JobAttempt = job) =>
    locked((trx, running) => moveJob(trx, running, { stage, progress }, { id: newId() }), attempt);
  const end = (as: Parameters<typeof endJob>[2], attempt: JobAttempt = job) =>
    locked((trx, running) => endJob(trx, running, as, newId()), attempt);

  it('moves with an event each, numbered from 1 without a gap', async () => {
    await move(0.02, 'copying_references');
    await move(0.5);
    await end({ status: 'completed' });
    const stored = await storedOf(database, job);
    assertEventsGapless(stored);
    assert.deepEqual(
      stored.events.map(({ type, status, stage, progress }) => [type, status, stage, progress]),
      [
        ['job.accepted', 'running', 'queued', 0],
        ['job.progress', 'running', 'copying_references', 0.02],
        ['job.progress', 'running', 'rendering', 0.5],
        ['job.completed', 'completed', null, 1],
      ],
    );
  });

  it('never goes back in progress, whatever it is told', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }), async (steps) => {
        job = await acceptJob(database);
        for (const progress of steps) await move(progress);
        const stored = await storedOf(database, job);
        assertEventsGapless(stored);
        assert.equal(stored.job.progress, Math.max(0, ...steps));
        assert.equal(stored.job.lastSeq, 1 + steps.length);
      }),
      { numRuns: 10 },
    );
  });

  it('is told when its first drawing began, once for each attempt, and each shot when its last one did', async () => {
    const rows = async () => ({
      renderingAt: (await database('jobs').where({ id: job.jobId }).first()).rendering_at as Date | null,
      startedAt: (await database('job_shots').where({ job_id: job.jobId }).first()).started_at as Date | null,
    });
    await locked((trx, running) => beginShots(trx, running, ['portrait']));
    await move(0.1);
    assert.deepEqual(await rows(), { renderingAt: null, startedAt: null }, 'its turn has not come');
    await startShot(database, { ...job, shot: 'portrait' });
    const first = await rows();
    assert.ok(first.renderingAt !== null && first.startedAt !== null);
    await until('the clock goes on', async () => {
      await startShot(database, { ...job, shot: 'portrait' });
      const again = await rows();
      assert.deepEqual(again.renderingAt, first.renderingAt);
      return again.startedAt !== null && first.startedAt !== null && again.startedAt > first.startedAt;
    });
    await end({ status: 'failed', error: failure });
    const second = await retryJob(database, job);
    assert.deepEqual(await rows(), { renderingAt: null, startedAt: null });
    await startShot(database, { ...job, shot: 'portrait' });
    assert.deepEqual(
      await rows(),
      { renderingAt: null, startedAt: null },
      'a drawing of the first attempt says nothing',
    );
    await startShot(database, { ...second, shot: 'portrait' });
    assert.notEqual((await rows()).renderingAt, null);
  });

  it('may end while a drawing begins: neither waits for the other’s shot', async () => {
    await locked((trx, running) => beginShots(trx, running, ['portrait']));
    const ending = await database.transaction();
    const running = await lockRunningJob(ending, job);
    assert.ok(running);
    const starting = startShot(database, { ...job, shot: 'portrait' });
    await until('the drawing waits for the job', async () => {
      const { rows } = await database.raw<{ rows: unknown[] }>(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%rendering_at%'`,
      );
      return rows.length > 0;
    });
    await endJob(ending, running, { status: 'canceled' }, newId());
    await ending.commit();
    await starting;
    const now = await storedOf(database, job);
    assert.deepEqual([now.job.status, now.shots[0]?.status], ['canceled', 'pending']);
  });

  for (const as of [{ status: 'completed' }, { status: 'canceled' }, { status: 'failed', error: failure }] as const) {
    it(`that is ${as.status} stays so for ever`, async () => {
      await move(0.4);
      await end(as);
      const ended = await storedOf(database, job);
      assert.deepEqual(
        [ended.job.status, ended.job.stage, ended.job.error],
        [as.status, null, as.status === 'failed' ? failure : null],
      );
      assert.equal(ended.job.progress, as.status === 'completed' ? 1 : 0.4);
      assert.notEqual(ended.job.finishedAt, null);
      await move(0.9);
      await end({ status: 'completed' });
      await end({ status: 'failed', error: failure });
      assert.deepEqual(await storedOf(database, job), ended);
    });
  }

  it('tells its failure in its last event, without what is not for events', async () => {
    await end({ status: 'failed', error: { ...failure, details: { shots: ['portrait'] } } });
    const { events } = await storedOf(database, job);
    const last = events.at(-1);
    assert.equal(last?.type, 'job.failed');
    assert.equal(last.error?.code, 'RENDER_FAILED');
  });

  it('is not changed by an older attempt, nor by one that has not begun', async () => {
    await end({ status: 'failed', error: failure });
    const second = await retryJob(database, job);
    const before = await storedOf(database, job);
    for (const attempt of [job, { jobId: job.jobId, attempt: 3 }]) {
      await move(0.9, 'finalizing', attempt);
      await end({ status: 'completed' }, attempt);
      assert.equal(await findDrawingOrder(database, attempt), undefined);
    }
    assert.deepEqual(await storedOf(database, job), before);
    await move(0.9, 'finalizing', second);
    await end({ status: 'completed' }, second);
    const stored = await storedOf(database, job);
    assert.equal(stored.job.status, 'completed');
    assertEventsGapless(stored);
  });

  it('is not changed by what an older attempt read before the newer one began', async () => {
    const stale = await locked((_, running) => Promise.resolve(running));
    assert.ok(stale);
    await end({ status: 'failed', error: failure });
    await retryJob(database, job);
    const before = await storedOf(database, job);
    await moveJob(database, stale, { stage: 'finalizing', progress: 0.97 }, { id: newId() });
    await endJob(database, stale, { status: 'completed' }, newId());
    assert.deepEqual(await storedOf(database, job), before);
  });

  describe('moved by two transactions at once', () => {
    it('lets the second wait, which then sees all that the first did', async () => {
      const first = await database.transaction();
      const running = await lockRunningJob(first, job);
      assert.ok(running);
      const second = locked((_, seen) => Promise.resolve(seen));
      await until('the second waits for the lock', async () => {
        const { rows } = await database.raw<{ rows: unknown[] }>(
          `select pid from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock' and query like '%for update%'`,
        );
        return rows.length > 0;
      });
      await beginShots(first, running, ['portrait', 'profile']);
      await settleRendered(first, { ...job, shot: 'portrait' }, newPicture(), newId());
      await first.commit();
      const seen = await second;
      assert.deepEqual(
        [seen?.stage, seen?.shotStatuses],
        ['rendering', { portrait: 'rendered', profile: 'rendering' }],
      );
    });

    it('gives each of many moves a number of its own', async () => {
      await Promise.all(Array.from({ length: 15 }, (_, i) => move(i / 15)));
      const stored = await storedOf(database, job);
      assert.equal(stored.job.lastSeq, 16);
      assertEventsGapless(stored);
    });

    it('ends once', async () => {
      await Promise.all([
        end({ status: 'completed' }),
        end({ status: 'canceled' }),
        end({ status: 'failed', error: failure }),
      ]);
      const stored = await storedOf(database, job);
      assert.equal(stored.job.lastSeq, 2);
      assertEventsGapless(stored);
    });
  });

  describe('and its shots', () => {
    const statusOf = async (shot: string) =>
      (await storedOf(database, job)).shots.find((one) => one.shot === shot)?.status;

    it('once rendered stay rendered, as they are', async () => {
      const asset = newPicture();
      await locked(async (trx, running) => {
        await beginShots(trx, running, ['portrait']);
        await settleRendered(trx, { ...job, shot: 'portrait' }, asset, newId());
        await settleFailed(
          trx,
          running,
          { shot: 'portrait', error: { code: 'RENDER_FAILED', message: 'late' } },
          newId(),
        );
        await beginShots(trx, running, ['portrait']);
      });
      const before = await storedOf(database, job);
      await settleRendered(database, { ...job, shot: 'portrait' }, newPicture(), newId());
      assert.deepEqual(await storedOf(database, job), before);
      const { shots: rows } = await storedOf(database, job);
      assert.deepEqual(rows, [{ shot: 'portrait', status: 'rendered', assetId: asset.id, error: null }]);
    });

    it('once failed can be begun again, and then be rendered', async () => {
      await locked((trx, running) =>
        settleFailed(
          trx,
          running,
          { shot: 'profile', error: { code: 'RENDER_FAILED', message: 'no pencil' } },
          newId(),
        ),
      );
      assert.equal(await statusOf('profile'), 'failed');
      await locked((trx, running) => beginShots(trx, running, ['profile']));
      assert.equal(await statusOf('profile'), 'rendering');
      await settleRendered(database, { ...job, shot: 'profile' }, newPicture(), newId());
      assert.equal(await statusOf('profile'), 'rendered');
    });

    it('get one picture each, whoever comes first, and each moves the job on by its part', async () => {
      await locked((trx, running) => beginShots(trx, running, shots));
      await move(0.05);
      const before = (await storedOf(database, job)).events.length;
      const drawn = [...shots, ...shots, ...shots].map((shot) =>
        settleRendered(database, { ...job, shot }, newPicture(), newId()),
      );
      await Promise.all(drawn);
      const stored = await storedOf(database, job);
      assert.deepEqual(new Set(stored.shots.map(({ status }) => status)), new Set(['rendered']));
      assert.equal(stored.images.filter(({ role }) => role === 'rendered').length, shots.length);
      assert.equal(stored.events.length, before + shots.length);
      assertEventsGapless(stored);
      assert.ok(Math.abs(stored.job.progress - 0.95) < 1e-9, String(stored.job.progress));
    });

    it('are seen as they are now by one that waited for the job', async () => {
      await locked((trx, running) => beginShots(trx, running, shots));
      const first = await database.transaction();
      await lockRunningJob(first, job);
      const second = settleRendered(database, { ...job, shot: 'portrait' }, newPicture(), newId());
      await untilOneWaits(database);
      const asset = newPicture();
      await settleRendered(first, { ...job, shot: 'portrait' }, asset, newId());
      await first.commit();
      await second;
      const stored = await storedOf(database, job);
      assert.deepEqual(
        stored.images.filter(({ role }) => role === 'rendered').map(({ assetId }) => assetId),
        [asset.id],
      );
      assertEventsGapless(stored);
    });

    it('get no picture once the attempt has ended', async () => {
      await locked((trx, running) => beginShots(trx, running, shots));
      await end({ status: 'canceled' });
      const before = await storedOf(database, job);
      await settleRendered(database, { ...job, shot: 'portrait' }, newPicture(), newId());
      assert.deepEqual(await storedOf(database, job), before);
    });
  });

  it('is drawn from what it was accepted with, whatever its influencer is by then', async () => {
    job = await acceptJob(database, { identity: { vibe: 'warm' } });
    await database('influencers')
      .where({ id: job.influencerId })
      .update({ identity: { vibe: 'cold' }, seed: 'other' });
    const order = await findDrawingOrder(database, job);
    const { seed, ...rest } = order ?? assert.fail('it runs');
    assert.deepEqual(rest, {
      organizationId: job.organizationId,
      identity: { vibe: 'warm' },
      renderer: 'illustrated',
      simulation: null,
    });
    assert.notEqual(seed, 'other');
    await end({ status: 'canceled' });
    assert.equal(await findDrawingOrder(database, job), undefined);
  });

  it('is found by its organization in its environment, and by nobody else', async () => {
    const owned = { organizationId: job.organizationId, environment: 'live', id: job.jobId } as const;
    const found = await findJob(database, owned);
    assert.deepEqual([found?.jobId, found?.version, found?.shots], [job.jobId, 1, [...shots]]);
    assert.equal(await findJob(database, { ...owned, environment: 'test' }), undefined);
    assert.equal(await findJob(database, { ...owned, organizationId: newId() }), undefined);
    assert.equal(await findJob(database, { ...owned, id: newId() }), undefined);
  });
});
