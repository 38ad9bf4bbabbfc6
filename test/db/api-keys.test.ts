import assert from 'node:assert/strict';
import { findApiKey, holdKey, killKey, rotateKey, takeTurn, type Principal } from '../../src/db/api-keys.ts';
import { createTenant } from '../support/api.ts';
import { until } from '../support/eventually.ts';
import { gate } from '../support/gate.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

describe('holding an API key', () => {
  let testDatabase: TestDatabase;
  let principal: Principal;
  let key: { organizationId: string; id: string };

  before(async () => {
    testDatabase = await createTestDatabase();
  });
  after(() => testDatabase.drop());
  beforeEach(async () => {
    const tenant = await createTenant(testDatabase.database);
    const found = await findApiKey(testDatabase.database, tenant.key.split('_')[2] ?? '');
    principal = found ?? assert.fail('the key is not stored');
    key = { organizationId: principal.organizationId, id: principal.apiKeyId };
  });

  const untilSomebodyWaits = () =>
    until('a statement waits for a lock', async () => {
      const { rows } = await testDatabase.database.raw<{ rows: unknown[] }>('select from pg_locks where not granted');
      return rows.length > 0;
    });

  it('lets a kill wait, and whoever comes then see it', async () => {
    const { database } = testDatabase;
    const work = gate();
    const order: string[] = [];
    const holding = database.transaction(async (trx) => {
      assert.equal(await holdKey(trx, principal), 'live');
      await work.opened;
      order.push('stored');
    });
    await until('the key is held', async () => {
      const { rows } = await database.raw<{ rows: unknown[] }>(`select from pg_locks where locktype = 'advisory'`);
      return rows.length > 0;
    });
    const killing = database.transaction(async (trx) => {
      await killKey(trx, key);
      order.push('killed');
    });
    await untilSomebodyWaits();
    const late = database.transaction((trx) => holdKey(trx, principal));
    work.open();
    await Promise.all([holding, killing]);
    assert.deepEqual(order, ['stored', 'killed']);
    assert.equal(await late, 'killed');
  });

  it('does not let those that hold it one after the other keep a kill waiting', async () => {
    const { database } = testDatabase;
    let held = 0;
    const callers = Array.from({ length: 12 }, async () => {
      for (;;) {
        const state = await database.transaction(async (trx) => {
          const now = await holdKey(trx, principal);
          if (now === 'live') await trx.raw('select pg_sleep(0.005)');
          return now;
        });
        if (state !== 'live') return state;
        held++;
      }
    });
    await until('the key is busy', () => held > 100);
    const before = held;
    await database.transaction((trx) => killKey(trx, key));
    assert.deepEqual(new Set(await Promise.all(callers)), new Set(['killed']));
    assert.ok(held - before <= 100, `${String(held - before)} went before the kill`);
  });

  it('takes a key whose secret was rotated meanwhile for one that is gone', async () => {
    const { database } = testDatabase;
    const rotated = gate();
    const rotating = database.transaction(async (trx) => {
      await rotateKey(trx, { ...key, lookup: 'b'.repeat(16), secretSha256: Buffer.alloc(32) });
      await rotated.opened;
    });
    await until('the key is withheld', async () => {
      const { rows } = await database.raw<{ rows: unknown[] }>(
        `select from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock'`,
      );
      return rows.length > 0;
    });
    const holding = database.transaction((trx) => holdKey(trx, principal));
    await untilSomebodyWaits();
    rotated.open();
    await rotating;
    assert.equal(await holding, 'gone');
  });

  it('lets changes of an organization’s keys take turns, and rows that refer to the organization be stored meanwhile', async () => {
    const { database } = testDatabase;
    const work = gate();
    let hasTurn = false;
    const first = database.transaction(async (trx) => {
      await takeTurn(trx, key.organizationId);
      hasTurn = true;
      await work.opened;
    });
    await until('it has its turn', () => hasTurn);
    await database('projects').insert({
      organization_id: key.organizationId,
      id: key.id,
      environment: 'live',
      name: 'x',
    });
    let isSecond = false;
    const second = database.transaction((trx) => takeTurn(trx, key.organizationId)).then(() => (isSecond = true));
    await untilSomebodyWaits();
    assert.equal(isSecond, false);
    work.open();
    await Promise.all([first, second]);
  });
});
