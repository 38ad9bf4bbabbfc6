import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { openDatabase } from '../../src/db/database.ts';
import { migrate, missingMigrations } from '../../src/db/migrate.ts';
import { openMigratedDatabase } from '../../src/migrated-database.ts';
import { StartError } from '../../src/start-error.ts';
import { until } from '../support/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

/** The schema as Postgres knows it: every column, constraint and index. */
async function schemaOf(database: Knex): Promise<unknown> {
  const rowsOf = async (sql: string) => (await database.raw<{ rows: unknown[] }>(sql)).rows;
  return {
    columns: await rowsOf(
      `select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
       where table_schema = 'public' order by 1, 2`,
    ),
    constraints: await rowsOf(
      `select conrelid::regclass::text as on, conname, pg_get_constraintdef(oid) as is from pg_constraint
       where connamespace = 'public'::regnamespace order by 1, 2`,
    ),
    indexes: await rowsOf(`select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1`),
  };
}

describe('migrations', () => {
  let migrated: TestDatabase;
  let empty: TestDatabase;
  before(async () => {
    migrated = await createTestDatabase();
  });
  after(() => migrated.drop());
  beforeEach(async () => {
    empty = await createTestDatabase({ isMigrated: false });
  });
  afterEach(() => empty.drop());

  const all = async () =>
    (await migrated.database<{ name: string }>('migrations').orderBy('id')).map(({ name }) => name);

  it('bring an empty database up to this release, and tell what they ran', async () => {
    assert.deepEqual(await missingMigrations(empty.database), await all());
    assert.deepEqual(await migrate(empty.database), await all());
    assert.deepEqual(await missingMigrations(empty.database), []);
    assert.deepEqual(await schemaOf(empty.database), await schemaOf(migrated.database));
  });

  it('change nothing when they run again', async () => {
    const before = await schemaOf(migrated.database);
    assert.deepEqual(await migrate(migrated.database), []);
    assert.deepEqual(await schemaOf(migrated.database), before);
  });

  it('run once when several processes start them at the same time', async () => {
    const processes = Array.from({ length: 4 }, () => openDatabase(empty.url, { poolMax: 3 }));
    const ran = await Promise.all(processes.map((database) => migrate(database)));
    await Promise.all(processes.map((database) => database.destroy()));
    assert.deepEqual(ran.flat(), await all());
    assert.deepEqual(await schemaOf(empty.database), await schemaOf(migrated.database));
  });

  it('work with a pool of two connections, the smallest that can be set', async () => {
    const small = openDatabase(empty.url, { poolMax: 2 });
    await migrate(small).finally(() => small.destroy());
    assert.deepEqual(await missingMigrations(empty.database), []);
  });

  it('leave nothing behind when they are killed, and the next run is not blocked', async () => {
    const doomed = openDatabase(`${empty.url}?application_name=doomed`, { poolMax: 3 });
    const blocker = await empty.database.transaction();
    await blocker.raw('create table jobs ()'); // the migration waits here, with tables made before it
    const killed = assert.rejects(migrate(doomed));
    const backends = (isWhat: string) => `from pg_stat_activity where application_name = 'doomed' and ${isWhat}`;
    await until('the migration waits', async () => {
      const { rows } = await empty.database.raw<{ rows: unknown[] }>(
        `select pid ${backends(`wait_event_type = 'Lock' and query like '%create table%'`)}`,
      );
      return rows.length > 0;
    });
    await empty.database.raw(`select pg_terminate_backend(pid) ${backends('true')}`);
    await killed;
    await blocker.rollback();
    await doomed.destroy();
    assert.deepEqual(await migrate(empty.database), await all());
    assert.deepEqual(await schemaOf(empty.database), await schemaOf(migrated.database));
  });

  it('are not blocked by the lock row of a run that died', async () => {
    await migrate(empty.database);
    await empty.database('migrations').delete();
    const { rows } = await empty.database.raw<{ rows: { name: string }[] }>(
      `select tablename as name from pg_tables where schemaname = 'public' and tablename not like 'migrations%'`,
    );
    await empty.database.raw(`drop table ${rows.map(({ name }) => name).join(', ')} cascade`);
    await empty.database('migrations_lock').update({ is_locked: 1 });
    assert.deepEqual(await migrate(empty.database), await all());
  });

  it('are what a process asks for before it serves', async () => {
    await assert.rejects(openMigratedDatabase(empty.url, 2), (error: unknown) => {
      assert.ok(error instanceof StartError);
      assert.match(error.message, /lacks the migration 001-first.*"doppel migrate"/);
      return true;
    });
    await migrate(empty.database);
    const database = await openMigratedDatabase(empty.url, 2);
    await database.destroy();
  });

  it('cannot be asked for where Postgres is away, and that is said in one sentence', async () => {
    await assert.rejects(openMigratedDatabase('postgres://doppel:hidden@127.0.0.1:1/doppel', 2), (error: unknown) => {
      assert.ok(error instanceof StartError);
      assert.match(error.message, /^Postgres cannot be used: .*ECONNREFUSED/);
      assert.doesNotMatch(error.message, /hidden|\n/);
      return true;
    });
  });
});
