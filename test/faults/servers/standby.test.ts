import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres } from '../../../src/embedded/postgres.ts';
import { eventually } from '../../support/eventually.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../../support/temporary-folder.ts';
import { startStandby, type PlacedPostgres } from './standby.ts';

describe('startStandby', () => {
  let folder: string;
  let placed: PlacedPostgres;

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    placed = { postgres: await startPostgres({ dataDir: folder, onProgress: () => undefined }), dataDir: folder };
    await query('create table writes (id int primary key)');
  });
  afterEach(async () => {
    await placed.postgres.stop();
    await removeTemporaryFolder(folder);
  });

  async function query(sql: string): Promise<{ id: number }[]> {
    const client = new Client({ connectionString: placed.postgres.connectionString });
    await client.connect();
    return client
      .query<{ id: number }>(sql)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  }

  /** Writes one row after the other until the server is lost; each that it acknowledged is in `acknowledged`. */
  async function writeUntilLost(acknowledged: number[], from: number): Promise<void> {
    const client = new Client({ connectionString: placed.postgres.connectionString });
    client.on('error', () => undefined);
    await client.connect();
    try {
      for (let id = from; ; id++) {
        await client.query('insert into writes values ($1)', [id]);
        acknowledged.push(id);
      }
    } catch {
      await client.end();
    }
  }

  it('has every write that was acknowledged before the primary was lost, again and again', async () => {
    const acknowledged: number[] = [];
    for (const round of [1, 2]) {
      const writing = writeUntilLost(acknowledged, round * 1_000_000);
      const standby = await startStandby(placed, join(folder, `standby-${String(round)}`));
      const sofar = acknowledged.length;
      await eventually('writes wait for the standby', () => (acknowledged.length > sofar + 100 ? true : undefined));
      placed = await standby.failOver();
      await writing;
      const there = new Set((await query('select id from writes')).map(({ id }) => id));
      assert.deepEqual(
        acknowledged.filter((id) => !there.has(id)),
        [],
      );
    }
  });

  it('leaves a primary that commits alone when it is closed', async () => {
    const standby = await startStandby(placed, join(folder, 'standby'));
    await standby.close();
    await query('insert into writes values (1)');
    assert.deepEqual(await query('select id from writes'), [{ id: 1 }]);
  });
});
