import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import { shots } from '../../src/domain/shots.ts';
import { attemptOf, beginDrawing, complete, drawAndRecord, startTestActivities } from '../support/activities.ts';
import type { TestActivities } from '../support/activities.ts';
import { acceptJob, assertEventsGapless, createHome, retryJob, storedOf } from '../support/jobs.ts';

describe('activity copyReferenceMetadata', () => {
  let steps: TestActivities;
  before(async () => {
    steps = await startTestActivities();
  });
  after(() => steps.close());

  it('copies the metadata of the source’s images to the clone, plans six shots in one wave, and begins it', async () => {
    const { database, run } = steps;
    const home = await createHome(database);
    const source = await acceptJob(database, { home });
    await complete(run, source);
    const { images: ofSource } = await storedOf(database, source);
    const clone = await acceptJob(database, { home, sourceId: source.influencerId });

    assert.deepEqual(await run.copyReferenceMetadata(attemptOf(clone)), {
      waves: [[...shots]],
      total: 6,
      renderer: 'illustrated',
      hasBegun: true,
    });
    const stored = await storedOf(database, clone);
    assert.deepEqual(
      stored.images,
      ofSource.map((image) => ({ ...image, role: 'starting' })),
    );
    assert.deepEqual(
      stored.events.map(({ stage, progress }) => [stage, progress]),
      [
        ['queued', 0],
        ['copying_references', 0.02],
        ['rendering', 0.05],
      ],
    );
    assert.deepEqual(new Set(stored.shots.map(({ status }) => status)), new Set(['rendering']));
    assertEventsGapless(stored);
  });

  it('copies what the source had when the clone was accepted, also when the source has changed since', async () => {
    const { database, run } = steps;
    const home = await createHome(database);
    const source = await acceptJob(database, { home });
    const early = await acceptJob(database, { home, sourceId: source.influencerId });
    await complete(run, source);
    await run.copyReferenceMetadata(attemptOf(early));
    assert.deepEqual((await storedOf(database, early)).images, []);
  });

  it('changes nothing when it runs again, and gives the same plan', async () => {
    const { database, run } = steps;
    const home = await createHome(database);
    const source = await acceptJob(database, { home });
    await complete(run, source);
    const clone = await acceptJob(database, { home, sourceId: source.influencerId });
    const plan = await run.copyReferenceMetadata(attemptOf(clone));
    const once = await storedOf(database, clone);

    assert.deepEqual(await run.copyReferenceMetadata(attemptOf(clone)), plan);
    assert.deepEqual(await storedOf(database, clone), once);
  });

  it('changes nothing when two run at the same time', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database);
    const plans = await Promise.all([1, 2, 3].map(() => run.copyReferenceMetadata(attemptOf(job))));
    assert.deepEqual(plans[0], plans[2]);
    const stored = await storedOf(database, job);
    assert.equal(stored.job.lastSeq, 3);
    assertEventsGapless(stored);
  });

  it('plans only the shots that an earlier attempt left out', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database);
    await beginDrawing(run, job);
    await drawAndRecord(run, job, 'portrait');
    await drawAndRecord(run, job, 'smiling');
    await run.failJob({
      ...attemptOf(job),
      error: { code: 'RENDER_FAILED', message: 'Some were not.', retryable: true, details: null },
    });
    const again = await retryJob(database, job);
    assert.deepEqual(await run.copyReferenceMetadata(attemptOf(again)), {
      waves: [['three_quarter', 'profile', 'half_length', 'full_length']],
      total: 6,
      renderer: 'illustrated',
      hasBegun: true,
    });
  });

  it('gives no plan to an attempt that has ended, to one of the past, and to a job that is not there', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database);
    await run.cancelJob(attemptOf(job));
    const ended = await storedOf(database, job);
    assert.equal(await run.copyReferenceMetadata(attemptOf(job)), null);
    assert.deepEqual(await storedOf(database, job), ended);

    await retryJob(database, job);
    assert.equal(await run.copyReferenceMetadata(attemptOf(job)), null);
    assert.equal(await run.copyReferenceMetadata({ jobId: newId(), attempt: 1 }), null);
  });
});
