import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import { acceptJobs, type NewClone, type NewCreation } from '../../src/db/accept.ts';
import { formatId } from '../../src/domain/ids.ts';
import { shots } from '../../src/domain/shots.ts';
import { insertAsset } from '../support/builders.ts';
import { acceptJob, createHome, deleteInfluencer, type Home, type TestJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { storedRows } from '../support/refusals.ts';

describe('accepting many jobs in one statement', () => {
  let testDatabase: TestDatabase;
  let home: Home;
  let other: Home;
  let source: TestJob;

  before(async () => {
    testDatabase = await createTestDatabase();
    home = await createHome(testDatabase.database);
    other = await createHome(testDatabase.database);
    source = await acceptJob(testDatabase.database, { home, identity: { vibe: 'warm' } });
  });
  after(() => testDatabase.drop());

  const anew = ({ organizationId }: Home) => ({
    organizationId,
    environment: 'live' as const,
    influencerId: newId(),
    jobId: newId(),
    eventId: newId(),
    name: 'Ava',
    renderer: 'illustrated' as const,
    shots,
    queuedLimit: 1_000,
    runningLimit: 1_000,
  });
  const creation = (own: Partial<NewCreation> = {}, from = home): NewCreation => ({
    ...anew(from),
    projectId: from.projectId,
    identity: {},
    seed: newId(),
    assetIds: [],
    ...own,
  });
  const clone = (own: Partial<NewClone> = {}): NewClone => ({
    ...anew(home),
    sourceId: source.influencerId,
    changes: { fields: {}, personality: {} },
    ...own,
  });
  const accept = (rows: (NewClone | NewCreation)[]) => acceptJobs(testDatabase.database, rows);
  const kindOf = (answer: unknown) => (typeof answer === 'string' ? answer : 'accepted');

  it('answers each by itself, in the order of the rows, and refused ones leave nothing behind', async () => {
    const taken = source.influencerId;
    const photo = await insertAsset(testDatabase.database, formatId('project', home.projectId));
    const foreignPhoto = await insertAsset(testDatabase.database, formatId('project', other.projectId));
    const deleted = await acceptJob(testDatabase.database, { home });
    await deleteInfluencer(testDatabase.database, deleted);
    const rows: [row: NewClone | NewCreation, answer: string][] = [
      [creation(), 'accepted'],
      [clone({ sourceId: newId() }), 'origin_missing'],
      [clone(), 'accepted'],
      [clone({ influencerId: taken }), 'influencer_exists'],
      [clone({ influencerId: deleted.influencerId }), 'influencer_exists'],
      [clone({ sourceId: deleted.influencerId }), 'origin_missing'],
      [clone({ organizationId: other.organizationId }), 'origin_missing'],
      [clone({ environment: 'test' }), 'origin_missing'],
      [creation({ projectId: other.projectId }), 'origin_missing'],
      [creation({ environment: 'test' }), 'origin_missing'],
      [creation({ assetIds: [photo] }), 'accepted'],
      [creation({ assetIds: [photo, newId()] }), 'assets_missing'],
      [creation({ assetIds: [foreignPhoto] }), 'assets_missing'],
      [creation({ influencerId: taken }, other), 'accepted'],
    ];
    const before = await storedRows(testDatabase.database);
    const answers = await accept(rows.map(([row]) => row));
    assert.deepEqual(
      answers.map(kindOf),
      rows.map(([, answer]) => answer),
    );
    for (const [i, answer] of answers.entries()) {
      if (typeof answer === 'string') continue;
      const row = rows[i]?.[0];
      assert.deepEqual([answer.jobId, answer.influencerId], [row?.jobId, row?.influencerId]);
      assert.equal(answer.organizationId, row?.organizationId);
    }
    const after = await storedRows(testDatabase.database);
    const added = Object.entries(after).map(([table, count]) => [table, count - (before[table] ?? 0)]);
    assert.deepEqual(Object.fromEntries(added), {
      influencers: 4,
      jobs: 4,
      job_events: 4,
      webhook_endpoints: 0,
      webhook_deliveries: 0,
      influencer_images: 1,
      assets: 0,
      job_shots: 0,
      api_keys: 0,
      projects: 0,
    });
  });

  it('accepts one of several rows of it that have one id', async () => {
    const influencerId = newId();
    const answers = await accept([clone({ influencerId }), creation({ influencerId }), clone({ influencerId })]);
    assert.deepEqual(answers.map(kindOf).sort(), ['accepted', 'influencer_exists', 'influencer_exists']);
    assert.equal((await testDatabase.database('jobs').where({ influencer_id: influencerId })).length, 1);
  });

  it('takes a source as it is before the statement: not one that the statement makes', async () => {
    const made = creation();
    const [first, second] = await accept([made, clone({ sourceId: made.influencerId })]);
    assert.deepEqual([kindOf(first), second], ['accepted', 'origin_missing']);
  });

  it('writes the job with its first event, unstarted, and claimed by the process that accepts it', async () => {
    const row = clone({ name: 'Clone' });
    await accept([row]);
    const job = await testDatabase.database('jobs').where({ id: row.jobId }).first();
    assert.deepEqual(
      [job.status, job.stage, job.progress, job.attempt, job.last_seq, job.dispatched_at, job.finished_at],
      ['running', 'queued', 0, 1, 1, null, null],
    );
    assert.ok(job.claimed_until > job.started_at);
    assert.deepEqual([job.renderer, job.shots], ['illustrated', [...shots]]);
    const [event, ...others] = await testDatabase.database('job_events').where({ job_id: row.jobId });
    assert.deepEqual(others, []);
    assert.deepEqual(
      [event.id, event.seq, event.type, event.status, event.stage, event.progress, event.attempt],
      [row.eventId, 1, 'job.accepted', 'running', 'queued', 0, 1],
    );
    const influencer = await testDatabase.database('influencers').where({ job_id: row.jobId }).first();
    assert.deepEqual(
      [influencer.source_influencer_id, influencer.project_id, influencer.name, influencer.status],
      [source.influencerId, home.projectId, 'Clone', 'pending'],
    );
    assert.equal(influencer.created_at.getTime(), event.at.getTime());
    assert.equal(
      new Date(String(influencer.attributes.clonedFrom.clonedAt)).getTime(),
      influencer.created_at.getTime(),
    );
  });

  it('keeps photos in their order, each once', async () => {
    const project = formatId('project', home.projectId);
    const [a, b, c] = [
      await insertAsset(testDatabase.database, project),
      await insertAsset(testDatabase.database, project),
      await insertAsset(testDatabase.database, project),
    ];
    const row = creation({ assetIds: [c, a, c, b, a] });
    await accept([row]);
    const images = await testDatabase
      .database('influencer_images')
      .where({ influencer_id: row.influencerId })
      .orderBy('position');
    assert.deepEqual(
      images.map(({ asset_id: assetId, role }) => [assetId, role]),
      [c, a, b].map((assetId) => [assetId, 'uploaded']),
    );
  });

  it('accepts statements that share ids in opposite orders at the same time, without a deadlock', async () => {
    for (let round = 0; round < 10; round++) {
      const ids = Array.from({ length: 20 }, () => newId());
      const answers = await Promise.all([
        accept(ids.map((influencerId) => clone({ influencerId }))),
        accept(ids.toReversed().map((influencerId) => clone({ influencerId }))),
      ]);
      const kinds = answers.flat().map(kindOf);
      assert.equal(kinds.filter((kind) => kind === 'accepted').length, 20);
      assert.equal(kinds.filter((kind) => kind === 'influencer_exists').length, 20);
    }
  });

  it('stores nothing when one row breaks a rule of the schema', async () => {
    const before = await storedRows(testDatabase.database);
    await assert.rejects(accept([clone(), clone({ name: '' })]), { code: '23514' });
    assert.deepEqual(await storedRows(testDatabase.database), before);
  });

  it('accepts nothing of nothing', async () => {
    assert.deepEqual(await accept([]), []);
  });
});
