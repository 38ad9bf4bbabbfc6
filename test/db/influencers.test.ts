import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import { touchInfluencer } from '../../src/db/images.ts';
import { findInfluencer, moveInfluencer } from '../../src/db/influencers.ts';
import { influencerStatuses } from '../../src/domain/influencer.ts';
import { formatId } from '../../src/domain/ids.ts';
import { setStatus } from '../support/builders.ts';
import { acceptJob, type TestJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

describe('an influencer in the database', () => {
  let testDatabase: TestDatabase;
  let job: TestJob;
  before(async () => {
    testDatabase = await createTestDatabase();
  });
  after(() => testDatabase.drop());
  beforeEach(async () => {
    job = await acceptJob(testDatabase.database);
  });
  const row = () =>
    testDatabase
      .database('influencers')
      .where({ id: job.influencerId })
      .first<{ status: string; error_message: string | null; version: number }>();

  const allowed = new Set([
    'pending → training',
    'training → training',
    'failed → training',
    'pending → ready', // a retry with nothing left to draw
    'training → ready',
    'failed → ready',
    'pending → failed',
    'training → failed',
    'failed → failed',
  ]);
  for (const from of influencerStatuses) {
    for (const to of ['training', 'ready', 'failed'] as const) {
      const change = `${from} → ${to}`;
      it(`${allowed.has(change) ? 'may' : 'may not'} go ${change}`, async () => {
        await setStatus(testDatabase.database, formatId('influencer', job.influencerId), from);
        const before = await row();
        const message = to === 'failed' ? 'no pencil' : null;
        const hasMoved = await moveInfluencer(testDatabase.database, job, to, message);
        assert.equal(hasMoved, allowed.has(change));
        const after = await row();
        if (!hasMoved) {
          assert.deepEqual(after, before);
          return;
        }
        assert.deepEqual([after.status, after.error_message, after.version], [to, message, before.version + 1]);
      });
    }
  }

  it('counts a change of its images as its own', async () => {
    const before = await row();
    await touchInfluencer(testDatabase.database, job);
    assert.equal((await row()).version, before.version + 1);
  });

  it('is found by its organization in its environment while it is not deleted, and by nobody else', async () => {
    const owned = { organizationId: job.organizationId, environment: 'live', id: job.influencerId } as const;
    const find = (other: Partial<{ organizationId: string; environment: 'live' | 'test'; id: string }> = {}) =>
      findInfluencer(testDatabase.database, { ...owned, ...other });
    assert.equal((await find())?.id, job.influencerId);
    assert.equal(await find({ environment: 'test' }), undefined);
    assert.equal(await find({ organizationId: newId() }), undefined);
    assert.equal(await find({ id: newId() }), undefined);
    await setStatus(testDatabase.database, formatId('influencer', job.influencerId), 'deleted');
    assert.equal(await find(), undefined);
  });
});
