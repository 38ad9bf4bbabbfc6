import assert from 'node:assert/strict';
import { shots } from '../../src/domain/shots.ts';
import { attemptOf, beginDrawing, complete, drawAndRecord, startTestActivities } from '../support/activities.ts';
import type { TestActivities } from '../support/activities.ts';
import { acceptJob, assertEventsGapless, retryJob, storedOf } from '../support/jobs.ts';

describe('activity beginShots', () => {
  let steps: TestActivities;
  before(async () => {
    steps = await startTestActivities();
  });
  after(() => steps.close());

  it('takes the job to rendering and its influencer to training', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database);
    await beginDrawing(run, job);
    const stored = await storedOf(database, job);
    assert.equal(stored.job.stage, 'rendering');
    assert.equal(stored.influencer.status, 'training');
    assert.deepEqual(new Set(stored.shots.map(({ status }) => status)), new Set(['rendering']));
    assert.equal(stored.shots.length, 6);
    assertEventsGapless(stored);
  });

  it('changes nothing when it runs again, also when shots were settled meanwhile', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database);
    await beginDrawing(run, job);
    const begun = await storedOf(database, job);
    await run.beginShots({ ...attemptOf(job), shots: [...shots] });
    assert.deepEqual(await storedOf(database, job), begun);

    await drawAndRecord(run, job, 'portrait');
    const recorded = await storedOf(database, job);
    await run.beginShots({ ...attemptOf(job), shots: [...shots] });
    assert.deepEqual(await storedOf(database, job), recorded);
  });

  it('changes nothing for an attempt that has ended', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database);
    await run.cancelJob(attemptOf(job));
    const ended = await storedOf(database, job);
    await run.beginShots({ ...attemptOf(job), shots: [...shots] });
    assert.deepEqual(await storedOf(database, job), ended);
  });

  it('takes a canceled job that is tried again through to ready, though its shots were under way when it ended', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database);
    await beginDrawing(run, job);
    await drawAndRecord(run, job, 'portrait');
    await run.cancelJob(attemptOf(job));

    const again = await retryJob(database, job);
    await beginDrawing(run, again);
    const begun = await storedOf(database, again);
    assert.equal(begun.job.stage, 'rendering');
    assert.equal(begun.influencer.status, 'training');
    for (const { shot, status } of begun.shots) {
      if (status !== 'rendered') await drawAndRecord(run, again, shot);
    }
    await run.publishInfluencer(attemptOf(again));
    const stored = await storedOf(database, again);
    assert.deepEqual([stored.job.status, stored.influencer.status], ['completed', 'ready']);
    assertEventsGapless(stored);
  });

  it('begins the shots again that failed in the attempt before', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database, { shots: ['portrait', 'profile'] });
    await beginDrawing(run, job);
    await drawAndRecord(run, job, 'portrait');
    await run.failShot({ ...attemptOf(job), shot: 'profile', code: 'RENDER_FAILED' });
    await run.failJob({
      ...attemptOf(job),
      error: { code: 'RENDER_FAILED', message: 'One was not.', retryable: true, details: null },
    });
    const again = await retryJob(database, job);
    await complete(run, again);
    const stored = await storedOf(database, again);
    assert.deepEqual([stored.job.status, stored.influencer.status], ['completed', 'ready']);
    assert.deepEqual(
      stored.images.map(({ shot }) => shot),
      ['portrait', 'profile'],
    );
    assert.equal(stored.shots.find(({ shot }) => shot === 'profile')?.error, null);
    assertEventsGapless(stored);
  });
});
