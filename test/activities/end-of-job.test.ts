import assert from 'node:assert/strict';
import type { JobError } from '../../src/domain/errors.ts';
import { query } from '../../src/db/database.ts';
import { attemptOf, beginDrawing, complete, drawAndRecord, startTestActivities } from '../support/activities.ts';
import type { TestActivities } from '../support/activities.ts';
import { acceptJob, assertEventsGapless, deleteInfluencer, retryJob, storedOf, type TestJob } from '../support/jobs.ts';

const error: JobError = {
  code: 'RENDER_FAILED',
  message: '1 of 6 images could not be rendered: profile.',
  retryable: true,
  details: { shots: ['profile'] },
};

describe('the activities that settle a shot or end a job', () => {
  let steps: TestActivities;
  before(async () => {
    steps = await startTestActivities();
  });
  after(() => steps.close());

  async function begin(): Promise<TestJob> {
    const job = await acceptJob(steps.database);
    await beginDrawing(steps.run, job);
    return job;
  }

  it('publishInfluencer completes the job and makes its influencer ready', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database);
    await complete(run, job);
    const stored = await storedOf(database, job);
    assert.deepEqual(
      [stored.job.status, stored.job.stage, stored.job.progress, stored.influencer.status],
      ['completed', null, 1, 'ready'],
    );
    assert.equal(stored.images.length, 6);
    assert.deepEqual(stored.events.at(-1)?.type, 'job.completed');
    assertEventsGapless(stored);
  });

  it('publishInfluencer completes a second attempt to which nothing is left but the end', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database);
    for (const shot of await beginDrawing(run, job)) await drawAndRecord(run, job, shot);
    await run.failJob({
      ...attemptOf(job),
      error: { code: 'INTERNAL', message: 'A fault.', retryable: true, details: null },
    });
    const again = await retryJob(database, job);
    await complete(run, again);
    const stored = await storedOf(database, again);
    assert.deepEqual([stored.job.status, stored.influencer.status], ['completed', 'ready']);
    assertEventsGapless(stored);
  });

  it('failJob fails the job with its error, and its influencer with the message', async () => {
    const { database, run } = steps;
    const job = await begin();
    await run.failJob({ ...attemptOf(job), error });
    const stored = await storedOf(database, job);
    assert.deepEqual([stored.job.status, stored.job.stage, stored.job.error], ['failed', null, error]);
    assert.deepEqual([stored.influencer.status, stored.influencer.errorMessage], ['failed', error.message]);
    assert.equal(stored.events.at(-1)?.type, 'job.failed');
    assert.equal(stored.events.at(-1)?.error?.code, error.code);
    assertEventsGapless(stored);
  });

  it('cancelJob cancels the job and fails its influencer', async () => {
    const { database, run } = steps;
    const job = await begin();
    await run.cancelJob(attemptOf(job));
    const stored = await storedOf(database, job);
    assert.deepEqual([stored.job.status, stored.job.stage, stored.influencer.status], ['canceled', null, 'failed']);
    assert.equal(stored.events.at(-1)?.type, 'job.canceled');
    assertEventsGapless(stored);
  });

  it('failShot settles one shot, with a message that names no cause', async () => {
    const { database, run } = steps;
    const job = await begin();
    await run.failShot({ ...attemptOf(job), shot: 'profile', code: 'CONTENT_REJECTED' });
    const stored = await storedOf(database, job);
    const shot = stored.shots.find((row) => row.shot === 'profile');
    assert.deepEqual([shot?.status, shot?.error?.code], ['failed', 'CONTENT_REJECTED']);
    assert.deepEqual([stored.events.at(-1)?.shot, stored.events.at(-1)?.error?.code], ['profile', 'CONTENT_REJECTED']);
    assert.equal(stored.job.status, 'running');
    assertEventsGapless(stored);
  });

  it('failShot leaves a shot alone that is rendered', async () => {
    const { database, run } = steps;
    const job = await begin();
    await drawAndRecord(run, job, 'profile');
    const rendered = await storedOf(database, job);
    await run.failShot({ ...attemptOf(job), shot: 'profile', code: 'RENDER_FAILED' });
    assert.deepEqual(await storedOf(database, job), rendered);
  });

  const ends = {
    publishInfluencer: (job: TestJob) => steps.run.publishInfluencer(attemptOf(job)),
    failJob: (job: TestJob) => steps.run.failJob({ ...attemptOf(job), error }),
    cancelJob: (job: TestJob) => steps.run.cancelJob(attemptOf(job)),
    failShot: (job: TestJob) => steps.run.failShot({ ...attemptOf(job), shot: 'profile', code: 'RENDER_FAILED' }),
  };
  for (const [name, end] of Object.entries(ends)) {
    it(`${name} changes nothing when it runs again`, async () => {
      const job = await begin();
      await end(job);
      const once = await storedOf(steps.database, job);
      await end(job);
      assert.deepEqual(await storedOf(steps.database, job), once);
    });

    it(`${name} changes nothing of a job that has ended otherwise, nor of a later attempt`, async () => {
      const { database, run } = steps;
      const job = await begin();
      await (name === 'cancelJob' ? run.failJob({ ...attemptOf(job), error }) : run.cancelJob(attemptOf(job)));
      const ended = await storedOf(database, job);
      await end(job);
      assert.deepEqual(await storedOf(database, job), ended);

      await retryJob(database, job);
      const retried = await storedOf(database, job);
      await end(job);
      assert.deepEqual(await storedOf(database, job), retried);
    });
  }

  it('ends a job once when it is published, failed and canceled at the same time', async () => {
    const { database, run } = steps;
    const jobs = await Promise.all(Array.from({ length: 8 }, begin));
    await Promise.all(
      jobs.flatMap((job) => [
        run.publishInfluencer(attemptOf(job)),
        run.failJob({ ...attemptOf(job), error }),
        run.cancelJob(attemptOf(job)),
      ]),
    );
    for (const job of jobs) {
      const stored = await storedOf(database, job);
      const expected = stored.job.status === 'completed' ? 'ready' : 'failed';
      assert.equal(stored.influencer.status, expected);
      assert.equal(stored.events.filter(({ status }) => status !== 'running').length, 1);
      assertEventsGapless(stored);
    }
  });

  it('moves job and influencer together: where one cannot move, neither does', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database);
    for (const shot of await beginDrawing(run, job)) await drawAndRecord(run, job, shot);
    const before = await storedOf(database, job);
    // The event that ends the job cannot be written.
    await query(
      database,
      `insert into job_events (organization_id, job_id, seq, id, type, status, stage, progress, attempt)
       select organization_id, id, last_seq + 2, gen_random_uuid(), 'job.progress', status, stage, progress, attempt
       from jobs where id = :jobId`,
      { jobId: job.jobId },
    );
    await assert.rejects(run.publishInfluencer(attemptOf(job)), { type: 'INTERNAL' });
    const after = await storedOf(database, job);
    assert.deepEqual([after.job.status, after.influencer.status], ['running', 'training']);
    assert.equal(after.job.stage, 'finalizing');
    assert.equal(after.influencer.version, before.influencer.version);
  });

  for (const [name, end] of Object.entries(ends)) {
    it(`${name} does not bring a deleted influencer back`, async () => {
      const { database } = steps;
      const job = await begin();
      await deleteInfluencer(database, job);
      await end(job);
      const stored = await storedOf(database, job);
      assert.equal(stored.influencer.status, 'deleted');
      assertEventsGapless(stored);
    });
  }

  for (const name of ['cancelJob', 'failJob'] as const) {
    it(`${name} leaves no shot under way`, async () => {
      const job = await begin();
      await drawAndRecord(steps.run, job, 'portrait');
      await ends[name](job);
      const { shots } = await storedOf(steps.database, job);
      assert.deepEqual(
        shots.filter(({ status }) => status === 'rendering'),
        [],
      );
    });
  }
});
