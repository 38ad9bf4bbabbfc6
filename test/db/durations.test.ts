import assert from 'node:assert/strict';
import { medianDrawingMs } from '../../src/db/durations.ts';
import { formatId } from '../../src/domain/ids.ts';
import { acceptJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { insertAsset } from '../support/builders.ts';

describe('how long a drawing takes', () => {
  let testDatabase: TestDatabase;
  before(async () => {
    testDatabase = await createTestDatabase();
  });
  after(() => testDatabase.drop());

  /** A job that ended so long ago, one of whose shots was drawn in so many seconds. */
  const drawn = async (seconds: number, { endedSecondsAgo = 0, status = 'completed' } = {}) => {
    const { database } = testDatabase;
    const { jobId, organizationId, projectId } = await acceptJob(database);
    const finishedAt = Date.now() - endedSecondsAgo * 1000;
    await database('job_shots').insert({
      ...{ organization_id: organizationId, job_id: jobId, shot: 'portrait', status: 'rendered' },
      asset_id: await insertAsset(database, formatId('project', projectId)),
      started_at: new Date(finishedAt - seconds * 1000),
      settled_at: new Date(finishedAt),
    });
    await database('jobs')
      .where({ id: jobId })
      .update({ status, stage: null, finished_at: new Date(finishedAt) });
  };

  it('is the median of the last fifty completed jobs, and unknown before there is one', async () => {
    const median = () => medianDrawingMs(testDatabase.database, 'illustrated');
    await acceptJob(testDatabase.database);
    await drawn(1_000, { status: 'canceled' });
    assert.equal(await median(), null);
    for (const seconds of [1, 2, 9]) await drawn(seconds);
    assert.equal(await median(), 2_000);
    for (let i = 0; i < 60; i++) await drawn(500, { endedSecondsAgo: 3_600 });
    assert.equal(await median(), 500_000);
    for (let i = 0; i < 50; i++) await drawn(3);
    assert.equal(await median(), 3_000);
  });
});
