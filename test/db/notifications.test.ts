import assert from 'node:assert/strict';
import { query } from '../../src/db/database.ts';
import { listen, type Notifications } from '../../src/db/notifications.ts';
import { silent } from '../support/api.ts';
import { until } from '../support/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { layLine, type SeverableLine } from '../support/severable-line.ts';

describe('listening to Postgres', () => {
  let test: TestDatabase;
  let line: SeverableLine;
  let listening: Notifications | undefined;
  let heard: string[];
  let connections: number;

  before(async () => {
    test = await createTestDatabase();
  });
  after(() => test.drop());
  beforeEach(async () => {
    line = await layLine();
    heard = [];
    connections = 0;
  });
  afterEach(async () => {
    await listening?.close();
    await line.cut();
  });

  const start = (checkEveryMs?: number) => {
    listening = listen(line.through(test.url), {
      channels: { one: (payload) => heard.push(`one ${payload}`), two: (payload) => heard.push(`two ${payload}`) },
      onConnected: () => connections++,
      log: silent,
      ...(checkEveryMs === undefined ? {} : { checkEveryMs }),
    });
    return listening;
  };
  const say = (channel: string, payload: string) =>
    query(test.database, 'select pg_notify(:channel, :payload)', { channel, payload });
  const connected = (count: number) => until(`it has connected ${String(count)} times`, () => connections === count);

  it('hears its channels, in order, and no other', async () => {
    const { isConnected } = start();
    assert.ok(!isConnected());
    await connected(1);
    assert.ok(isConnected());
    for (const [channel, payload] of [
      ['three', 'x'],
      ['two', 'a'],
      ['one', 'b'],
    ] as const) {
      await say(channel, payload);
    }
    await until('both are heard', () => heard.length === 2);
    assert.deepEqual(heard, ['two a', 'one b']);
  });

  it('says when it hears again after its connection broke', async () => {
    const { isConnected } = start();
    await connected(1);
    await line.cut();
    await until('it knows', () => !isConnected());
    await say('one', 'unheard');
    await line.mend();
    await connected(2);
    await say('one', 'heard');
    await until('it is heard', () => heard.length > 0);
    assert.deepEqual(heard, ['one heard']);
  });

  it('goes on dialling until Postgres is there', async () => {
    await line.cut();
    start();
    await line.mend();
    await connected(1);
  });

  it('finds out that a connection is silent', async function () {
    this.timeout(30_000);
    start(50);
    await connected(1);
    line.silence();
    await connected(2);
  });

  it('tries out a connection on which nothing comes, and keeps it', async () => {
    start(20);
    await connected(1);
    await until('it was tried', async () => {
      const rows = await query(
        test.database,
        `select from pg_stat_activity where datname = current_database() and query = 'select 1'`,
      );
      return rows.length === 1;
    });
    assert.equal(connections, 1);
  });

  it('closes before it has connected, and twice', async () => {
    const one = start();
    await one.close();
    await one.close();
    const rows = await query(
      test.database,
      `select from pg_stat_activity where datname = current_database() and query like 'listen%'`,
    );
    assert.deepEqual([rows, connections], [[], 0]);
  });
});
