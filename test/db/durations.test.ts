import assert from 'node:assert/strict';
import { medianRenderingMs } from '../../src/db/durations.ts';
import { acceptJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

describe('how long a rendering takes', () => {
  let testDatabase: TestDatabase;
  before(async () => {
    testDatabase = await createTestDatabase();
  });
  after(() => testDatabase.drop());

  /** A job that began to render so long before it ended, so long ago. */
  const rendered = async (seconds: number, { endedSecondsAgo = 0, status = 'completed' } = {}) => {
    const { jobId } = await acceptJob(testDatabase.database);
    const finishedAt = Date.now() - endedSecondsAgo * 1000;
    await testDatabase
      .database('jobs')
      .where({ id: jobId })
      .update({
        status,
        stage: null,
        rendering_at: new Date(finishedAt - seconds * 1000),
        finished_at: new Date(finishedAt),
      });
  };

  it('is the median of the last fifty completed jobs, and unknown before there is one', async () => {
    const median = () => medianRenderingMs(testDatabase.database, 'illustrated');
    await acceptJob(testDatabase.database);
    await rendered(1_000, { status: 'canceled' });
    assert.equal(await median(), null);
    for (const seconds of [1, 2, 9]) await rendered(seconds);
    assert.equal(await median(), 2_000);
    for (let i = 0; i < 60; i++) await rendered(500, { endedSecondsAgo: 3_600 });
    assert.equal(await median(), 500_000);
    for (let i = 0; i < 50; i++) await rendered(3);
    assert.equal(await median(), 3_000);
  });
});
