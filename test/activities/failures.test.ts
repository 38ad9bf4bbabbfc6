import assert from 'node:assert/strict';
import {
  ApplicationFailure,
  CancelledFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
} from '@temporalio/common';
import pino from 'pino';
import { translated } from '../../activities/failures.ts';
import { openDatabase, query } from '../../src/db/database.ts';
import { StorageUnavailable } from '../../src/storage/storage.ts';
import { activitiesWith, attemptOf, quietEnvironment, startTestActivities } from '../support/activities.ts';
import type { TestActivities } from '../support/activities.ts';
import { silent } from '../support/api.ts';
import { acceptJob } from '../support/jobs.ts';

async function failureOf(work: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await work.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApplicationFailure);
  return error;
}

/** What of a failure goes to Temporal. */
const sentOf = (failure: ApplicationFailure): string =>
  JSON.stringify(defaultFailureConverter.errorToFailure(failure, defaultPayloadConverter));

describe('failures of activities', () => {
  let steps: TestActivities;
  before(async () => {
    steps = await startTestActivities();
  });
  after(() => steps.close());

  const statement = (sql: string, bindings = {}) =>
    failureOf(translated('aStep', () => query(steps.database, sql, bindings), silent)({} as never));

  it('are UNAVAILABLE and tried again while nothing listens where Postgres was', async () => {
    const database = openDatabase('postgres://nobody:secret@127.0.0.1:1/nothing');
    try {
      const failure = await failureOf(
        activitiesWith({ ...steps.deps, database }).copyReferenceMetadata({ jobId: 'x', attempt: 1 }),
      );
      assert.deepEqual([failure.type, failure.nonRetryable], ['UNAVAILABLE', false]);
      assert.doesNotMatch(sentOf(failure), /secret|nobody|ECONNREFUSED|127\.0\.0\.1/);
    } finally {
      await database.destroy();
    }
  });

  it('are UNAVAILABLE and tried again when Postgres ends the session', async () => {
    const { run, database } = steps;
    const job = await acceptJob(database);
    // The step waits for the row, and its session is ended meanwhile.
    await database.transaction(async (trx) => {
      await query(trx, 'select from jobs where id = :jobId for update', { jobId: job.jobId });
      const failing = failureOf(run.cancelJob(attemptOf(job)));
      const waiting = `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      let ended: unknown[] = [];
      const giveUpAt = Date.now() + 10_000;
      while (ended.length === 0 && Date.now() < giveUpAt) {
        ended = await query(database, `select pg_terminate_backend(pid) from (${waiting}) waiting`);
      }
      const failure = await failing;
      assert.deepEqual([failure.type, failure.nonRetryable], ['UNAVAILABLE', false]);
    });
    await run.cancelJob(attemptOf(job));
  });

  const forGood: [string, string, string][] = [
    ['breaks a unique key', '23505', `insert into organizations select * from organizations limit 1`],
    ['breaks a check', '23514', `update influencers set version = -1 where name = 'Ava Chen'`],
    ['breaks a foreign key', '23503', `update influencers set source_influencer_id = gen_random_uuid()`],
    ['hands in what is no number', '22P02', `select 'Ava Chen'::int`],
    ['names a table that is not there', '42P01', `select * from "Ava Chen"`],
  ];
  for (const [what, sqlState, sql] of forGood) {
    it(`are INTERNAL and not tried again when a statement ${what} (SQLSTATE ${sqlState})`, async () => {
      await acceptJob(steps.database);
      const failure = await statement(sql);
      assert.deepEqual([failure.type, failure.nonRetryable], ['INTERNAL', true]);
      assert.match(failure.message, new RegExp(sqlState));
    });

    it(`tell Temporal nothing of Postgres’s message when a statement ${what}`, async () => {
      await acceptJob(steps.database);
      const sent = sentOf(await statement(sql));
      assert.doesNotMatch(sent, /Ava|duplicate|violates|constraint|invalid input|relation|Key \(/);
    });
  }

  it('are tried again after a deadlock or a serialization failure', async () => {
    for (const sqlState of ['40P01', '40001']) {
      const failure = await statement(
        `do $$ begin raise exception 'row of Ava Chen' using errcode = '${sqlState}'; end $$`,
      );
      assert.deepEqual([failure.type, failure.nonRetryable], ['UNAVAILABLE', false]);
      assert.doesNotMatch(sentOf(failure), /Ava/);
    }
  });

  it('are UNAVAILABLE when Postgres has no room or no connection left', async () => {
    for (const sqlState of ['53100', '53300', '57P03', '08006']) {
      const failure = await statement(
        `do $$ begin raise exception 'row of Ava Chen' using errcode = '${sqlState}'; end $$`,
      );
      assert.deepEqual([failure.type, failure.nonRetryable], ['UNAVAILABLE', false]);
    }
  });

  it('are UNAVAILABLE and tried again when the storage cannot do it now, and say nothing of where it is', async () => {
    const cause = new Error('connect ECONNREFUSED 10.1.2.3:443');
    const away = () => Promise.reject(new StorageUnavailable('bucket of Ava Chen', { cause }));
    const failure = await failureOf(translated('aStep', away, silent)({} as never));
    assert.deepEqual([failure.type, failure.nonRetryable], ['UNAVAILABLE', false]);
    assert.doesNotMatch(sentOf(failure), /Ava|bucket|ECONNREFUSED|10\.1/);
  });

  it('are tried again a few times where nobody has named them, and patiently where the system failed', async () => {
    const failing = (error: Error, tries: number) =>
      failureOf(
        quietEnvironment(tries).run(
          translated('aStep', () => Promise.reject(error), silent, { faultyTries: 5 }),
          {} as never,
        ),
      );
    const bug = new TypeError('Ava Chen is not a function');
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
    assert.equal((await failing(bug, 4)).nonRetryable, false);
    const last = await failing(bug, 5);
    assert.deepEqual([last.type, last.nonRetryable], ['INTERNAL', true]);
    assert.doesNotMatch(sentOf(last), /Ava/);
    assert.equal((await failing(full, 19)).nonRetryable, false);
  });

  it('pass as they are when the activity chose them, cancellation included', async () => {
    const chosen = ApplicationFailure.nonRetryable('refused', 'CONTENT_REJECTED');
    for (const error of [chosen, new CancelledFailure('stop')]) {
      await assert.rejects(
        translated('aStep', () => Promise.reject(error), silent)({} as never),
        (reason) => reason === error,
      );
    }
  });

  it('are logged whole, with the activity and its input', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => lines.push(line) });
    const input = { jobId: 'one', attempt: 1 };
    const fail = translated('aStep', (_: { jobId: string }) => Promise.reject(new Error('the cause')), log);
    await assert.rejects(fail(input));
    assert.equal(lines.length, 1);
    const { err, activity, input: logged } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.match(JSON.stringify(err), /the cause/);
    assert.deepEqual([activity, logged], ['aStep', input]);
  });
});
