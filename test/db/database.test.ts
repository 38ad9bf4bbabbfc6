import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { isUnavailable, openDatabase, query, sqlStateOf } from '../../src/db/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { layLine } from '../support/severable-line.ts';

describe('an error of the database', () => {
  let testDatabase: TestDatabase;
  before(async () => {
    testDatabase = await createTestDatabase();
  });
  after(() => testDatabase.drop());
  const errorOf = (attempt: Promise<unknown>): Promise<unknown> =>
    attempt.then(
      () => assert.fail('there was none'),
      (error: unknown) => error,
    );
  const raised = (sqlState: string) =>
    errorOf(testDatabase.database.raw(`do $$ begin raise exception 'x' using errcode = '${sqlState}'; end $$`));

  it('tells its SQLSTATE when Postgres reported it', async () => {
    assert.equal(sqlStateOf(await raised('23505')), '23505');
    assert.equal(sqlStateOf(await errorOf(testDatabase.database.raw('nonsense'))), '42601');
    for (const other of [new Error('23505'), Object.assign(new Error('x'), { code: '23505' }), null, '23505']) {
      assert.equal(sqlStateOf(other), null);
    }
  });

  for (const sqlState of ['08006', '40001', '40P01', '53300', '53400', '55P03', '57P01', '57P03', '57014', '58030']) {
    it(`means that Postgres cannot do it now: ${sqlState}`, async () => {
      assert.equal(isUnavailable(await raised(sqlState)), true);
    });
  }

  for (const sqlState of ['23505', '22P02', '42601', 'P0001', 'XX000']) {
    it(`does not mean that Postgres cannot do it now: ${sqlState}`, async () => {
      assert.equal(isUnavailable(await raised(sqlState)), false);
    });
  }

  it('means that Postgres is away when nothing listens', async () => {
    const database = openDatabase('postgres://doppel@127.0.0.1:1/doppel');
    assert.equal(isUnavailable(await errorOf(query(database, 'select'))), true);
    await database.destroy();
  });

  it('reaches each of those that wait for one connection, long before they give up', async () => {
    const database = openDatabase('postgres://doppel@127.0.0.1:1/doppel', { poolMax: 1 });
    const errors = await Promise.all(Array.from({ length: 100 }, () => errorOf(query(database, 'select'))));
    assert.deepEqual(new Set(errors.map((error) => (error as NodeJS.ErrnoException).code)), new Set(['ECONNREFUSED']));
    await database.destroy();
  });

  it('means that Postgres is away when a connection breaks, before or within a query', async () => {
    const slammer = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(slammer, 'listening');
    const { port } = slammer.address() as AddressInfo;
    const database = openDatabase(`postgres://doppel@127.0.0.1:${String(port)}/doppel`);
    assert.equal(isUnavailable(await errorOf(query(database, 'select'))), true);
    await database.destroy();
    slammer.close();

    const error = errorOf(
      testDatabase.database.transaction(async (trx) => {
        const [backend] = await query<{ pid: number }>(trx, 'select pg_backend_pid() as pid');
        await testDatabase.database.raw('select pg_terminate_backend(?)', [backend?.pid ?? 0]);
        await query(trx, 'select');
      }),
    );
    assert.equal(isUnavailable(await error), true, String(await error));
  });

  it('goes on over another connection when one does not answer any more, in a transaction too', async () => {
    const line = await layLine();
    const database = openDatabase(line.through(testDatabase.url), { poolMax: 1, timeoutMs: 300 });
    try {
      for (const ask of [() => query(database, 'select'), () => database.transaction((trx) => query(trx, 'select'))]) {
        await ask();
        line.silence();
        assert.equal(isUnavailable(await errorOf(ask())), true);
        await ask();
      }
    } finally {
      await database.destroy();
      await line.cut();
    }
  });

  it('means that Postgres is away when every connection is taken for too long', async () => {
    const database = openDatabase(testDatabase.url, { poolMax: 1 });
    database.client.pool.acquireTimeoutMillis = 50;
    const holder = await database.transaction();
    assert.equal(isUnavailable(await errorOf(query(database, 'select'))), true);
    await holder.rollback();
    await database.destroy();
  });

  it('is no sign of Postgres for errors of our own', () => {
    for (const other of [
      new TypeError('x'),
      new Error('not found'),
      'ECONNREFUSED',
      null,
      undefined,
      { code: 'ECONNREFUSED' },
    ]) {
      assert.equal(isUnavailable(other), false);
    }
  });
});

describe('a pool that plans once', () => {
  let testDatabase: TestDatabase;
  before(async () => {
    testDatabase = await createTestDatabase();
  });
  after(() => testDatabase.drop());

  it('leaves a statement that is asked often with the plan that it has', async () => {
    const database = openDatabase(testDatabase.url, { poolMax: 1, plansOnce: true });
    const ask = (id: string) => query(database, 'select from jobs where id = :id', { id });
    for (let at = 0; at < 8; at++) await ask('00000000-0000-7000-8000-000000000000');
    const [plans] = await query(
      database,
      'select generic_plans, custom_plans from pg_prepared_statements where statement like :what',
      { what: 'select from jobs where id%' },
    );
    assert.deepEqual(plans, { generic_plans: '8', custom_plans: '0' });
    await database.destroy();
  });
});
