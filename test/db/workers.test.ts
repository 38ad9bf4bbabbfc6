import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import { findJob } from '../../src/db/jobs.ts';
import { removeWorker, touchWorker } from '../../src/db/workers.ts';
import { acceptJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

describe('workers in the database', () => {
  let testDatabase: TestDatabase;
  before(async () => {
    testDatabase = await createTestDatabase();
  });
  after(() => testDatabase.drop());

  it('live while they say so, and for fifteen seconds after', async () => {
    const { organizationId, jobId } = await acceptJob(testDatabase.database);
    const workerSeen = async () => {
      const job = await findJob(testDatabase.database, { organizationId, environment: 'live', id: jobId });
      return { lives: job?.workerLives, seenAt: job?.workerSeenAt };
    };
    const wasSeen = (id: string, secondsAgo: number) =>
      testDatabase
        .database('workers')
        .where({ id })
        .update({ seen_at: testDatabase.database.raw(`now() - interval '1 second' * ${String(secondsAgo)}`) });
    assert.deepEqual(await workerSeen(), { lives: false, seenAt: null });
    const [first, second] = [newId(), newId()];
    await touchWorker(testDatabase.database, first);
    assert.equal((await workerSeen()).lives, true);
    await wasSeen(first, 20);
    assert.equal((await workerSeen()).lives, false);
    assert.notEqual((await workerSeen()).seenAt, null);
    await touchWorker(testDatabase.database, second);
    assert.equal((await workerSeen()).lives, true);
    await removeWorker(testDatabase.database, second);
    assert.equal((await workerSeen()).lives, false);
    await touchWorker(testDatabase.database, first);
    assert.equal((await workerSeen()).lives, true);
  });

  it('are forgotten an hour after they were last seen', async () => {
    const [gone, back] = [newId(), newId()];
    for (const id of [gone, back]) {
      await testDatabase.database('workers').insert({ id, seen_at: new Date(Date.now() - 3_700_000) });
    }
    await touchWorker(testDatabase.database, back);
    const ids = (await testDatabase.database('workers').whereIn('id', [gone, back])).map(({ id }) => id as string);
    assert.deepEqual(ids, [back]);
  });
});
