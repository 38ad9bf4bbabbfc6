import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import type { Asking, NewClone, NewJob } from '../../src/db/accept.ts';
import { acceptor, type AcceptJob } from '../../src/db/acceptor.ts';
import { isUnavailable, openDatabase, query } from '../../src/db/database.ts';
import { shots } from '../../src/domain/shots.ts';
import { acceptJob, askingAs, createHome, whileTaken, type TestJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

describe('accepting jobs that are asked for at the same time', () => {
  let testDatabase: TestDatabase;
  let impatient: Knex;
  let source: TestJob;
  let asking: Asking;
  /** Two processes. */
  let accept: AcceptJob;
  let acceptElsewhere: AcceptJob;

  before(async () => {
    testDatabase = await createTestDatabase();
    const { database, url } = testDatabase;
    impatient = openDatabase(url, { poolMax: 2, timeoutMs: 800, lockTimeoutMs: 50 });
    const home = await createHome(database);
    source = await acceptJob(database, { home });
    asking = await askingAs(database, home.organizationId);
  });
  after(async () => {
    await impatient.destroy();
    await testDatabase.drop();
  });
  beforeEach(() => {
    accept = acceptor({ database: impatient, patient: testDatabase.database });
    acceptElsewhere = acceptor({ database: testDatabase.database, patient: testDatabase.database });
  });

  const clone = (own: Partial<NewClone & Asking> = {}): NewJob => ({
    ...asking,
    organizationId: source.organizationId,
    environment: 'live',
    influencerId: newId(),
    jobId: newId(),
    eventId: newId(),
    name: 'Ava',
    renderer: 'illustrated',
    shots,
    queuedLimit: 100_000,
    runningLimit: 100_000, // of all tests together
    sourceId: source.influencerId,
    changes: { fields: {}, personality: {} },
    ...own,
  });
  const keyed = (key = newId()) => ({ idempotency: { key, fingerprint: 'ab'.repeat(32) } });
  const kindOf = (answer: unknown) => (typeof answer === 'object' ? 'accepted' : answer);
  const kindsOf = async (answers: Promise<unknown>[]) => (await Promise.all(answers)).map(kindOf);
  const stored = ({ jobId }: NewJob) =>
    testDatabase.database('jobs').where({ id: jobId }).first<{ id: string } | undefined>();
  const times = <Item>(count: number, make: () => Item) => Array.from({ length: count }, make);

  it('lets those that come while two statements are under way share the next ones', async () => {
    const jobs = times(200, clone);
    assert.deepEqual(
      await kindsOf(jobs.map(accept)),
      times(200, () => 'accepted'),
    );
    const [commits] = await query<{ count: number }>(
      testDatabase.database,
      'select count(distinct xmin::text)::int as count from jobs where id = any(:ids)',
      { ids: jobs.map(({ jobId }) => jobId) },
    );
    assert.ok((commits?.count ?? 0) <= 4, `${String(commits?.count)} commits`);
  });

  it('accepts one of many that want one id, or have one Idempotency-Key', async () => {
    const influencerId = newId();
    assert.deepEqual((await kindsOf(times(20, () => accept(clone({ influencerId }))))).sort(), [
      'accepted',
      ...times(19, () => 'influencer_exists'),
    ]);
    assert.equal((await testDatabase.database('jobs').where({ influencer_id: influencerId })).length, 1);
    const own = keyed();
    assert.deepEqual((await kindsOf(times(20, () => accept(clone(own))))).sort(), [
      'accepted',
      ...times(19, () => 'key_used'),
    ]);
  });

  it('accepts one of each pair that two processes are asked for in opposite orders', async () => {
    for (let round = 0; round < 10; round++) {
      for (const [isKeyed, refusal] of [
        [true, 'key_used'],
        [false, 'influencer_exists'],
      ] as const) {
        const ids = times(40, () => ({ influencerId: newId(), ...(isKeyed ? keyed() : {}) }));
        const kinds = await kindsOf([
          ...ids.map((own) => accept(clone(own))),
          ...ids.toReversed().map((own) => acceptElsewhere(clone(own))),
        ]);
        assert.deepEqual(kinds.sort(), [...times(40, () => 'accepted'), ...times(40, () => refusal)]);
      }
    }
  });

  it('lets no row that breaks a rule keep the others from being accepted', async () => {
    const bad = clone({ name: '' });
    const jobs = [...times(10, clone), bad, ...times(10, clone)];
    const answers = await Promise.allSettled(jobs.map(accept));
    for (const [index, answer] of answers.entries()) {
      if (jobs[index] === bad) assert.ok(answer.status === 'rejected' && answer.reason.code === '23514');
      else assert.ok(answer.status === 'fulfilled' && kindOf(answer.value) === 'accepted');
    }
    assert.equal(await stored(bad), undefined);
  });

  it('refuses the one whose id others take meanwhile, with its Idempotency-Key free, and accepts the rest', async () => {
    const taken = clone(keyed());
    const { influencerId } = taken;
    const { outcome } = await whileTaken(testDatabase.database, { influencerId, like: source }, () =>
      kindsOf([clone(), clone(), taken, clone()].map(accept)),
    );
    assert.deepEqual(await outcome, ['accepted', 'accepted', 'influencer_exists', 'accepted']);
    assert.equal(kindOf(await accept({ ...taken, influencerId: newId() })), 'accepted');
  });

  it('lets one that waits for another transaction hold up no other one for long', async () => {
    const held = keyed();
    await testDatabase.database
      .transaction(async (trx) => {
        await trx('idempotency_keys').insert({
          organization_id: source.organizationId,
          key: held.idempotency.key,
          fingerprint: Buffer.alloc(32),
          status: 200,
        });
        const waits = accept(clone(held));
        assert.deepEqual(
          await kindsOf(times(5, () => accept(clone()))),
          times(5, () => 'accepted'),
        );
        await trx.rollback();
        assert.equal(kindOf(await waits), 'accepted');
      })
      .catch((error: unknown) => {
        if (!(error instanceof Error && error.message.includes('rolled back'))) throw error;
      });
  });

  it('finds out what was stored where the answer does not come', async () => {
    let isLost = true;
    const losing = withQuery(testDatabase.database, async (run) => {
      const answer = await run();
      if (!isLost) return answer;
      isLost = false;
      throw new Error('Connection terminated');
    });
    const job = clone(keyed());
    const answer = await acceptor({ database: losing, patient: testDatabase.database })(job);
    assert.ok(typeof answer === 'object');
    assert.deepEqual([answer.jobId, answer.projectId, answer.mayStart], [job.jobId, source.projectId, true]);
    assert.notEqual(await stored(job), undefined);
  });

  it('says that it cannot, and stores nothing, where a statement is lost on its way', async () => {
    const losing = withQuery(testDatabase.database, () => Promise.reject(new Error('Connection terminated')));
    const job = clone();
    await assert.rejects(acceptor({ database: losing, patient: testDatabase.database })(job), isUnavailable);
    assert.equal(await stored(job), undefined);
  });

  it('says so to all that wait, where Postgres is away', async () => {
    const away = openDatabase('postgres://nobody@127.0.0.1:1/nothing', { timeoutMs: 800 });
    const acceptAway = acceptor({ database: away, patient: away });
    const answers = await Promise.allSettled(times(300, () => acceptAway(clone())));
    assert.ok(answers.every((answer) => answer.status === 'rejected' && isUnavailable(answer.reason)));
    await away.destroy();
  });
});

/** A pool that runs the statement that accepts by `around`; what else is asked is asked as ever. */
function withQuery(database: Knex, around: (run: () => Promise<unknown>) => Promise<unknown>): Knex {
  return new Proxy(database, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name !== 'raw') return typeof value === 'function' ? value.bind(target) : value;
      return (...[sql, bindings]: Parameters<Knex['raw']>) => {
        const raw = target.raw(sql, bindings);
        return sql.includes('with request as') ? { options: (own: object) => around(() => raw.options(own)) } : raw;
      };
    },
  });
}
