import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import {
  claimDeliveries,
  giveUpDelivery,
  listOverdueDeliveries,
  markDeliveryDispatched,
  restartDelivery,
  type DeliveryDispatch,
} from '../../src/db/delivery-dispatch.ts';
import { createHome } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { deliveryOf, insertDeliveries, insertDelivery, insertEndpoint } from '../support/webhooks.ts';

describe('the outbox of webhooks', () => {
  let testDatabase: TestDatabase;
  let database: Knex;
  before(async () => {
    testDatabase = await createTestDatabase();
    ({ database } = testDatabase);
  });
  after(() => testDatabase.drop());
  afterEach(() => database('webhook_deliveries').delete());

  const endpointOfAnyone = async () => insertEndpoint(database, await createHome(database));
  const inserted = async (count: number): Promise<DeliveryDispatch[]> => {
    const endpoint = await endpointOfAnyone();
    const deliveries: DeliveryDispatch[] = [];
    for (let i = 0; i < count; i++) deliveries.push(await insertDelivery(database, endpoint));
    return deliveries;
  };
  const age = (column: string, interval: string) =>
    database('webhook_deliveries').update({ [column]: database.raw('now() - ?::interval', [interval]) });

  it('gives each pending delivery to one claimer, for five seconds', async () => {
    const deliveries = await inserted(6);
    const claims = await Promise.all([claimDeliveries(database, 4), claimDeliveries(database, 4)]);
    const claimed = claims.flat().map(({ deliveryId }) => deliveryId);
    assert.deepEqual([...new Set(claimed)].length, claimed.length);
    const rest = await claimDeliveries(database, 10);
    assert.deepEqual(
      [...claimed, ...rest.map(({ deliveryId }) => deliveryId)].sort(),
      deliveries.map(({ deliveryId }) => deliveryId).sort(),
    );
    assert.deepEqual(await claimDeliveries(database, 10), []);
    await age('claimed_until', '1 second');
    assert.equal((await claimDeliveries(database, 10)).length, 6);
  });

  it('tells what is needed to start the workflow', async () => {
    const [delivery] = await inserted(1);
    assert.deepEqual(await claimDeliveries(database, 1), [delivery]);
  });

  it('gives every organization its share, whoever was first', async () => {
    const [many, one, another] = [await inserted(20), await inserted(1), await inserted(2)];
    const claimed = (await claimDeliveries(database, 6)).map(({ organizationId }) => organizationId);
    const countOf = ([first]: DeliveryDispatch[]) => claimed.filter((id) => id === first?.organizationId).length;
    assert.deepEqual([countOf(many), countOf(one), countOf(another)], [3, 1, 2]);
  });

  it('gives nothing of an organization that has 200 under way and due, until some of them are not', async () => {
    const [slow, other] = [await endpointOfAnyone(), await endpointOfAnyone()];
    await insertDeliveries(database, slow, 200, 'pending');
    await database('webhook_deliveries').update({ dispatched_at: database.fn.now() });
    await insertDelivery(database, slow);
    const { deliveryId } = await insertDelivery(database, other);
    const claimed = async () => (await claimDeliveries(database, 10)).map((one) => one.deliveryId);
    assert.deepEqual(await claimed(), [deliveryId]);
    await database.raw(
      `update webhook_deliveries set next_attempt_at = now() + interval '5 minutes'
       where id = (select id from webhook_deliveries where dispatched_at is not null limit 1)`,
    );
    assert.equal((await claimed()).length, 1);
  });

  it('reads few rows, however many deliveries wait', async () => {
    const [many, few] = [await endpointOfAnyone(), await endpointOfAnyone()];
    await insertDeliveries(database, many, 20_000, 'pending');
    await database.raw('vacuum analyze webhook_deliveries'); // when there was one organization that had some
    await insertDeliveries(database, few, 10, 'pending');
    await database.transaction(async (trx) => {
      const read = async () => {
        const { rows } = await trx.raw<{ rows: { read: number }[] }>(
          `select sum(pg_stat_get_xact_tuples_returned(oid))::integer as read from pg_class
           where relname like 'webhook_deliveries%'`,
        );
        return rows[0]?.read ?? Infinity;
      };
      const before = await read();
      assert.equal((await claimDeliveries(trx, 8)).length, 8);
      const rows = (await read()) - before;
      assert.ok(rows < 500, String(rows));
    });
  });

  it('claims nothing that is started, held or has ended', async () => {
    const endpoint = await endpointOfAnyone();
    for (const status of ['held', 'failed', 'delivered'] as const) await insertDelivery(database, endpoint, status);
    await markDeliveryDispatched(database, await insertDelivery(database, endpoint));
    assert.deepEqual(await claimDeliveries(database, 10), []);
  });

  it('marks a run as started once, and leaves a later run alone', async () => {
    const endpoint = await endpointOfAnyone();
    const delivery = await insertDelivery(database, endpoint);
    await markDeliveryDispatched(database, { ...delivery, run: 2 });
    assert.equal((await deliveryOf(database, endpoint)).dispatchedAt, null);
    await markDeliveryDispatched(database, delivery);
    const { dispatchedAt } = await deliveryOf(database, endpoint);
    assert.ok(dispatchedAt);
    await markDeliveryDispatched(database, delivery);
    assert.deepEqual((await deliveryOf(database, endpoint)).dispatchedAt, dispatchedAt);
  });

  it('lists as overdue what is started and should have been tried more than two minutes ago', async () => {
    const [delivery] = await inserted(1);
    assert.ok(delivery);
    await age('next_attempt_at', '3 minutes');
    const listed = async () => (await listOverdueDeliveries(database, null, 10)).map(({ deliveryId }) => deliveryId);
    assert.deepEqual(await listed(), []); // it is not started
    await markDeliveryDispatched(database, delivery);
    assert.deepEqual(await listed(), []); // it was started just now
    await age('dispatched_at', '3 minutes');
    assert.deepEqual(await listed(), [delivery.deliveryId]);
    await age('next_attempt_at', '1 minute');
    assert.deepEqual(await listed(), []);
  });

  it('lists them page by page, also those of the same moment', async () => {
    const ids = (await inserted(5)).map(({ deliveryId }) => deliveryId);
    await age('dispatched_at', '3 minutes');
    await age('next_attempt_at', '3 minutes');
    const first = await listOverdueDeliveries(database, null, 3);
    const rest = await listOverdueDeliveries(database, first.at(-1) ?? null, 3);
    assert.deepEqual([first.length, rest.length], [3, 2]);
    assert.deepEqual([...first, ...rest].map(({ deliveryId }) => deliveryId).sort(), ids.sort());
  });

  it('gives up a run that is under way, and no later one', async () => {
    const endpoint = await endpointOfAnyone();
    const delivery = await insertDelivery(database, endpoint);
    await giveUpDelivery(database, delivery); // it is in the outbox
    await markDeliveryDispatched(database, delivery);
    await giveUpDelivery(database, { ...delivery, run: 2 });
    assert.equal((await deliveryOf(database, endpoint)).status, 'pending');
    await giveUpDelivery(database, delivery);
    const { status, statusReason } = await deliveryOf(database, endpoint);
    assert.deepEqual([status, statusReason], ['failed', 'exhausted']);
  });

  it('puts an overdue delivery back as another run, once', async () => {
    const endpoint = await endpointOfAnyone();
    const delivery = await insertDelivery(database, endpoint);
    assert.equal(await restartDelivery(database, delivery), false); // it is in the outbox already
    await markDeliveryDispatched(database, delivery);
    const restarts = await Promise.all([restartDelivery(database, delivery), restartDelivery(database, delivery)]);
    assert.deepEqual(restarts.sort(), [false, true]);
    const { status, run, dispatchedAt } = await deliveryOf(database, endpoint);
    assert.deepEqual([status, run, dispatchedAt], ['pending', 2, null]);
    assert.deepEqual(await claimDeliveries(database, 1), [{ ...delivery, run: 2 }]);
  });

  it('puts back nothing that has ended', async () => {
    const endpoint = await endpointOfAnyone();
    assert.equal(await restartDelivery(database, await insertDelivery(database, endpoint, 'delivered')), false);
  });
});
