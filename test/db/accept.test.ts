import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import { acceptJobs, type Asking, type NewClone, type NewCreation, type NewJob } from '../../src/db/accept.ts';
import { markDispatched } from '../../src/db/dispatch.ts';
import { formatId } from '../../src/domain/ids.ts';
import { shots } from '../../src/domain/shots.ts';
import { insertAsset } from '../support/builders.ts';
import {
  acceptJob,
  askingAs,
  createHome,
  deleteInfluencer,
  whileTaken,
  type Home,
  type TestJob,
} from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { storedRows } from '../support/refusals.ts';

describe('accepting many jobs in one statement', () => {
  let testDatabase: TestDatabase;
  let home: Home;
  let other: Home;
  let source: TestJob;
  let asHome: Asking;
  let asOther: Asking;

  before(async () => {
    testDatabase = await createTestDatabase();
    home = await createHome(testDatabase.database);
    other = await createHome(testDatabase.database);
    asHome = await askingAs(testDatabase.database, home.organizationId);
    asOther = await askingAs(testDatabase.database, other.organizationId);
    source = await acceptJob(testDatabase.database, { home, identity: { vibe: 'warm' } });
  });
  after(() => testDatabase.drop());

  const anew = ({ organizationId }: Home) => ({
    ...(organizationId === other.organizationId ? asOther : asHome),
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
  const creation = (own: Partial<NewCreation & Asking> = {}, from = home): NewCreation & Asking => ({
    ...anew(from),
    projectId: from.projectId,
    identity: {},
    seed: newId(),
    assetIds: [],
    ...own,
  });
  const clone = (own: Partial<NewClone & Asking> = {}): NewClone & Asking => ({
    ...anew(home),
    sourceId: source.influencerId,
    changes: { fields: {}, personality: {} },
    ...own,
  });
  const accept = (rows: NewJob[]) => acceptJobs(testDatabase.database, rows);
  const kindOf = (answer: unknown) => (typeof answer === 'string' ? answer : 'accepted');

  it('answers each by itself, in the order of the rows, and refused ones leave nothing behind', async () => {
    const taken = source.influencerId;
    const photo = await insertAsset(testDatabase.database, formatId('project', home.projectId));
    const foreignPhoto = await insertAsset(testDatabase.database, formatId('project', other.projectId));
    const deleted = await acceptJob(testDatabase.database, { home });
    await deleteInfluencer(testDatabase.database, deleted);
    const rows: [row: NewJob, answer: string][] = [
      [creation(), 'accepted'],
      [clone({ sourceId: newId() }), 'origin_missing'],
      [clone(), 'accepted'],
      [clone({ influencerId: taken }), 'influencer_exists'],
      [clone({ influencerId: deleted.influencerId }), 'influencer_exists'],
      [clone({ sourceId: deleted.influencerId }), 'origin_missing'],
      [clone({ ...asOther, organizationId: other.organizationId }), 'origin_missing'],
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

  it('refuses a row by its API key, its Idempotency-Key and the backlog, in this order, and before its source', async () => {
    const { database } = testDatabase;
    const used = { key: newId(), fingerprint: 'ab'.repeat(32) };
    assert.equal(kindOf((await accept([clone({ idempotency: used })]))[0]), 'accepted');
    const { organizationId } = await createHome(database);
    const killed = { ...(await askingAs(database, organizationId)), organizationId };
    await database('api_keys').where({ id: killed.apiKeyId }).update({ killed_at: new Date() });
    const wrong = { idempotency: used, isBacklogFull: true, sourceId: newId() };
    const answers = await accept([
      clone({ ...killed, ...wrong }),
      clone({ ...wrong, lookup: 'aaaaaaaaaaaaaaaa' }), // rotated since
      clone({ ...wrong, ...asOther, organizationId: home.organizationId }), // another organization's key
      clone(wrong),
      clone({ ...wrong, idempotency: null }),
      clone({ ...wrong, idempotency: null, isBacklogFull: false }),
    ]);
    const expected = ['key_killed', 'key_gone', 'key_gone', 'key_used', 'backlog_full', 'origin_missing'];
    assert.deepEqual(answers.map(kindOf), expected);
  });

  it('stores an Idempotency-Key with its job, and none of a row that is refused', async () => {
    const [good, bad] = [newId(), newId()];
    const row = clone({ idempotency: { key: good, fingerprint: 'cd'.repeat(32) } });
    await accept([row, clone({ sourceId: newId(), idempotency: { key: bad, fingerprint: 'cd'.repeat(32) } })]);
    const stored = await testDatabase.database('idempotency_keys').whereIn('key', [good, bad]);
    assert.deepEqual(
      stored.map(({ key, job_id: jobId, fingerprint }) => [key, jobId, fingerprint.toString('hex')]),
      [[good, row.jobId, 'cd'.repeat(32)]],
    );
  });

  it('takes an Idempotency-Key again after 24 hours', async () => {
    const idempotency = { key: newId(), fingerprint: 'ef'.repeat(32) };
    await accept([clone({ idempotency })]);
    await testDatabase
      .database('idempotency_keys')
      .where({ key: idempotency.key })
      .update({ created_at: new Date(Date.now() - 86_401_000) });
    const again = clone({ idempotency });
    assert.deepEqual((await accept([again])).map(kindOf), ['accepted']);
    const [stored] = await testDatabase.database('idempotency_keys').where({ key: idempotency.key });
    assert.equal(stored.job_id, again.jobId);
  });

  it('counts its own rows against the limits of an organization, but not those that are refused', async () => {
    const third = await createHome(testDatabase.database);
    const asThird = await askingAs(testDatabase.database, third.organizationId);
    const limits = { ...asThird, queuedLimit: 3, runningLimit: 2 };
    const answers = await accept([
      creation({ ...limits, projectId: newId() }, third),
      ...Array.from({ length: 4 }, () => creation(limits, third)),
      creation(), // of an organization that has room
    ]);
    assert.deepEqual(answers.map(kindOf), [
      'origin_missing',
      ...['accepted', 'accepted', 'accepted', 'too_many_queued', 'accepted'],
    ]);
    assert.deepEqual(
      answers.map((answer) => typeof answer === 'object' && answer.mayStart),
      [false, true, true, false, false, true],
    );
  });

  it('counts no queued jobs where it is not told how many there may be', async () => {
    const third = await createHome(testDatabase.database);
    const asThird = await askingAs(testDatabase.database, third.organizationId);
    const limited = (queuedLimit: number | null) => creation({ ...asThird, queuedLimit }, third);
    assert.deepEqual((await accept([limited(null), limited(null)])).map(kindOf), ['accepted', 'accepted']);
    assert.deepEqual((await accept([limited(0)])).map(kindOf), ['too_many_queued']);
  });

  it('starts none at once while others of its organization wait for their turn', async () => {
    const third = await createHome(testDatabase.database);
    const limits = { ...(await askingAs(testDatabase.database, third.organizationId)), runningLimit: 1 };
    const accepted = async (own: Partial<NewCreation & Asking>) => {
      const [answer] = await accept([creation({ ...limits, ...own }, third)]);
      assert.ok(typeof answer === 'object');
      return answer;
    };
    const first = await accepted({});
    const waiting = [await accepted({}), await accepted({ runningLimit: 3 })];
    assert.deepEqual([first.mayStart, ...waiting.map(({ mayStart }) => mayStart)], [true, false, false]);
    const started = waiting.map(({ jobId }) => ({ jobId, attempt: 1 }));
    await markDispatched(testDatabase.database, started);
    assert.equal((await accepted({ runningLimit: 4 })).mayStart, true);
  });

  it('stores nothing when one row breaks a rule of the schema', async () => {
    const before = await storedRows(testDatabase.database);
    await assert.rejects(accept([clone(), clone({ name: '' })]), { code: '23514' });
    assert.deepEqual(await storedRows(testDatabase.database), before);
  });

  it('throws, and stores nothing, when another statement takes an id of its rows meanwhile', async () => {
    const [taken, other] = [clone(), clone()];
    const { outcome } = await whileTaken(
      testDatabase.database,
      { influencerId: taken.influencerId, like: source },
      () => accept([{ ...taken, jobId: newId() }, other]),
    );
    await assert.rejects(outcome, { code: '23505', constraint: 'influencers_pkey' });
    assert.deepEqual(await testDatabase.database('jobs').where({ id: other.jobId }), []);
  });

  it('accepts nothing of nothing', async () => {
    assert.deepEqual(await accept([]), []);
  });
});
