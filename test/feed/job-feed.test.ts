import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { openDatabase, query } from '../../src/db/database.ts';
import { jobEventsChannel } from '../../src/db/job-moves.ts';
import { listen } from '../../src/db/notifications.ts';
import { jobEventOf, type JobEvent, type JobEventRow } from '../../src/domain/job-event.ts';
import { ApiError } from '../../src/domain/errors.ts';
import { formatId } from '../../src/domain/ids.ts';
import { openJobFeed, type JobFeed } from '../../src/feed/job-feed.ts';
import type { WatchEnd } from '../../src/feed/watcher.ts';
import { createTenant, silent, type Tenant } from '../support/api.ts';
import { assertGapless } from '../support/event-stream.ts';
import { until } from '../support/eventually.ts';
import { acceptJob, type TestJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { layLine, type SeverableLine } from '../support/severable-line.ts';
import { stepsOf } from '../support/watching.ts';

describe('the job feed', () => {
  let test: TestDatabase;
  let tenant: Tenant;
  let key: { apiKeyId: string; lookup: string };
  let line: SeverableLine;
  let database: Knex;
  let feed: JobFeed;
  let statements: string[];
  let job: TestJob;
  let steps: ReturnType<typeof stepsOf>;

  before(async () => {
    test = await createTestDatabase();
    tenant = await createTenant(test.database);
    const [row] = await query<typeof key>(
      test.database,
      'select id as "apiKeyId", lookup from api_keys where organization_id = :organizationId',
      { organizationId: tenant.organizationId },
    );
    key = row ?? assert.fail('no key');
  });
  after(() => test.drop());
  beforeEach(async () => {
    line = await layLine();
    const url = line.through(test.url);
    database = openDatabase(url, { poolMax: 4 });
    statements = [];
    database.on('query', ({ sql }: { sql: string }) => statements.push(sql));
    feed = openJobFeed({ database, databaseUrl: url, watchersMax: 2_000, log: silent });
    job = await acceptJob(test.database);
    steps = stepsOf(test.database, formatId('job', job.jobId));
  });
  afterEach(async () => {
    await feed.close();
    await database.destroy();
    await line.cut();
  });

  interface Heard {
    events: JobEvent[];
    ends: WatchEnd[];
    stop: () => void;
  }

  const watch = (afterSeq = 0, of: TestJob = job, onEvents?: (heard: Heard) => void): Heard => {
    const heard: Heard = { events: [], ends: [], stop: () => undefined };
    const subject = { organizationId: of.organizationId, jobId: of.jobId, afterSeq, ...key };
    heard.stop = feed.watch(subject, {
      onEvents(rows: readonly JobEventRow[]) {
        heard.events.push(...rows.map(jobEventOf));
        onEvents?.(heard);
      },
      onEnd: (end) => heard.ends.push(end),
    });
    return heard;
  };
  const hears = (all: Heard | readonly Heard[], seq: number) =>
    until(`event ${String(seq)} is heard`, () => [all].flat().every(({ events }) => (events.at(-1)?.seq ?? 0) >= seq));
  const listeners = () =>
    query<{ pid: number }>(
      test.database,
      `select pid from pg_stat_activity where datname = current_database() and query like 'listen%'`,
    );
  const eventReads = () => statements.filter((sql) => sql.includes('job_events')).length;

  it('tells what was, then what comes, each event once and in order', async () => {
    await steps.step();
    const [all, some] = [watch(), watch(1)];
    await hears([all, some], 2);
    await steps.step();
    await steps.step();
    await hears([all, some], 4);
    assertGapless(all.events);
    assertGapless(some.events, 2);
  });

  it('tells nothing to whoever has stopped, also while it is told', async () => {
    const never = watch();
    never.stop();
    const once = watch(0, job, ({ stop }) => {
      stop();
    });
    const other = watch();
    await hears([once, other], 1);
    await steps.step();
    await hears(other, 2);
    assert.deepEqual([never.events.length, once.events.length, feed.size()], [0, 1, 1]);
    other.stop();
    other.stop();
    assert.equal(feed.size(), 0);
  });

  it('asks once for 500 who come at once, and once when something happens', async () => {
    await until('it listens', async () => (await listeners()).length === 1);
    const many = Array.from({ length: 500 }, () => watch());
    await hears(many, 1);
    assert.ok(eventReads() <= 2, String(eventReads()));
    const before = eventReads();
    await steps.step();
    await hears(many, 2);
    assert.equal(eventReads(), before + 1);
    const late = Array.from({ length: 100 }, () => watch(2));
    await steps.step();
    await hears([...many, ...late], 3);
    assert.equal(eventReads(), before + 2, 'who has what was read last needs no look');
    for (const { events } of many) assertGapless(events);
  });

  it('asks for all jobs together', async () => {
    const jobs = await Promise.all(Array.from({ length: 100 }, () => acceptJob(test.database)));
    await until('it listens', async () => (await listeners()).length === 1);
    await hears(
      jobs.map((one) => watch(0, one)),
      1,
    );
    assert.ok(eventReads() <= 2, String(eventReads()));
  });

  it('asks nothing while nothing happens', async () => {
    await hears([watch(), watch()], 1);
    const before = statements.length;
    let isAnnounced = false;
    let isListening = false;
    const ear = listen(test.url, {
      channels: { [jobEventsChannel]: () => (isAnnounced = true) },
      onConnected: () => (isListening = true),
      log: silent,
    });
    await until('it listens too', () => isListening);
    const other = await acceptJob(test.database);
    await stepsOf(test.database, formatId('job', other.jobId)).step();
    await until('another job’s event was announced', () => isAnnounced);
    await ear.close();
    assert.equal(statements.length, before);
  });

  it('loses and repeats nothing however watchers come while a job moves', async () => {
    const all: { heard: Heard; from: number }[] = [];
    const move = { isOver: false };
    const moving = (async () => {
      for (let step = 0; step < 120; step++) await steps.step(step / 200);
      await steps.end();
      move.isOver = true;
    })();
    while (!move.isOver) {
      const [row] = await query<{ version: number }>(
        test.database,
        'select last_seq as version from jobs where id = :id',
        { id: job.jobId },
      );
      const from = Math.floor(Math.random() * ((row?.version ?? 0) + 1));
      if (all.length < 900) all.push({ heard: watch(from), from });
    }
    await moving;
    await until('all heard the end, or knew it', () =>
      all.every(({ heard, from }) => from === 122 || heard.events.at(-1)?.status === 'completed'),
    );
    assert.ok(all.length > 20);
    for (const { heard, from } of all) {
      assertGapless(heard.events, from + 1);
      assert.equal(heard.events.length, 122 - from);
    }
  });

  it('catches up when its connection was ended and events came meanwhile', async () => {
    const heard = watch();
    await hears(heard, 1);
    const [one] = await listeners();
    await query(test.database, 'select pg_terminate_backend(:pid)', { pid: one?.pid });
    for (let step = 0; step < 5; step++) await steps.step();
    await hears(heard, 6);
    await steps.step();
    await hears(heard, 7);
    assertGapless(heard.events);
  });

  it('catches up when Postgres was away', async () => {
    const heard = watch();
    await hears(heard, 1);
    await line.cut();
    await steps.step();
    const late = watch(1);
    await line.mend();
    await hears([heard, late], 2);
    assertGapless(heard.events);
    assertGapless(late.events, 2);
  });

  it('reads again what could not be read', async () => {
    await until('it listens', async () => (await listeners()).length === 1);
    await query(test.database, 'alter table job_events rename to elsewhere');
    const heard = watch();
    await until('it was tried', () => eventReads() > 0);
    await query(test.database, 'alter table elsewhere rename to job_events');
    await hears(heard, 1);
  });

  it('ends who watches with a key that was changed while it did not hear', async () => {
    const heard = watch();
    await hears(heard, 1);
    await line.cut();
    await query(test.database, 'update api_keys set killed_at = now() where id = :apiKeyId', key);
    await line.mend();
    await until('it ends', () => heard.ends.length > 0);
    assert.deepEqual([heard.ends, feed.size()], [[{ reason: 'key', state: 'killed' }], 0]);
    await query(test.database, 'update api_keys set killed_at = null where id = :apiKeyId', key);
  });

  it('takes as many watchers of an organization as it may, half of all, and again when one has stopped', () => {
    const all = Array.from({ length: 1_000 }, () => watch());
    assert.throws(
      () => watch(),
      (error: unknown) =>
        error instanceof ApiError && error.code === 'UNAVAILABLE' && error.headers['Retry-After'] === '5',
    );
    all[0]?.stop();
    watch();
    assert.equal(feed.size(), 1_000);
  });

  it('ends all when it drains, and who comes later at once', async () => {
    const heard = watch();
    feed.drain();
    assert.deepEqual(heard.ends, [{ reason: 'draining' }]);
    const late = watch();
    assert.deepEqual(late.ends, [], 'not before it is known how to stop');
    await until('it ends', () => late.ends.length === 1);
    assert.equal(feed.size(), 0);
  });

  it('closes while Postgres is away', async () => {
    watch();
    await line.cut();
    const startedAt = performance.now();
    await feed.close();
    assert.ok(performance.now() - startedAt < 5_000);
  });

  it('is found by its name in Postgres', async () => {
    await until('it listens', async () => {
      const rows = await query<{ name: string }>(
        test.database,
        `select application_name as name from pg_stat_activity
         where datname = current_database() and query like 'listen%'`,
      );
      return rows.length === 1 && rows[0]?.name === 'doppel';
    });
  });
});
