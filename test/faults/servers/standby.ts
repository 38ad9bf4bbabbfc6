// A standby that every commit waits for: what was acknowledged is on it when the primary is lost for ever.
// https://www.postgresql.org/docs/18/warm-standby.html

import { chown, copyFile, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres, type EmbeddedPostgres } from '../../../src/embedded/postgres.ts';
import { systemCodeOf } from '../../../src/start-error.ts';
import { eventually } from '../../support/eventually.ts';

export interface PlacedPostgres {
  postgres: EmbeddedPostgres;
  /** Where `startPostgres` keeps it. */
  dataDir: string;
}

export interface Standby {
  /** Crashes the primary for ever, and gives the standby in its place; it commits alone until it has a standby again. */
  failOver: () => Promise<PlacedPostgres>;
  /** Stops it; the primary commits alone again. */
  close: () => Promise<void>;
}

/** Makes a standby of a running server in `dataDir`, which must not be there; resolves once commits wait for it. */
export async function startStandby(primary: PlacedPostgres, dataDir: string): Promise<Standby> {
  const { connectionString } = primary.postgres;
  const waitForStandby = async (client: Client, names: '' | '*') => {
    await client.query(`alter system set synchronous_standby_names = '${names}'`);
    await client.query('select pg_reload_conf()');
  };
  const standby = await connected(connectionString, async (client) => {
    await client.query(
      `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = 'standby'`,
    );
    // Keeps what is written from here on until the standby has it.
    await client.query(`select pg_create_physical_replication_slot('standby', true)`);
    await copyRunning(client, primary.dataDir, dataDir, connectionString);
    const started = await startPostgres({ dataDir, onProgress: () => undefined });
    await waitForStandby(client, '*');
    await eventually(
      'the standby is synchronous',
      async () => {
        const { rowCount } = await client.query(
          `select from pg_stat_replication where sync_state = 'sync' and flush_lsn >= pg_current_wal_lsn()`,
        );
        return rowCount === 1 ? true : undefined;
      },
      { withinMs: 60_000 },
    );
    return started;
  });
  return {
    async failOver() {
      process.kill(primary.postgres.pid, 'SIGQUIT'); // every session ends at once, nothing is written
      await primary.postgres.exited;
      await connected(standby.connectionString, (client) => client.query('select pg_promote()'));
      await rm(join(primary.dataDir, 'postgres'), { recursive: true });
      return { postgres: standby, dataDir };
    },
    async close() {
      await connected(connectionString, async (client) => {
        await waitForStandby(client, '');
        await standby.stop();
        await eventually('the slot is free', async () => {
          await client.query(`select pg_drop_replication_slot('standby')`);
          return true;
        });
      });
      await rm(dataDir, { recursive: true });
    },
  };
}

/** What is a running server's and no part of its data: https://www.postgresql.org/docs/18/protocol-replication.html (BASE_BACKUP). */
const ofTheServer =
  /^data\/(postmaster\.|(pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)\/)/;

/** Copies the files of a server that goes on writing: with the log since the beginning they are what it held at the end. */
async function copyRunning(client: Client, from: string, to: string, connectionString: string): Promise<void> {
  await client.query(`select pg_backup_start('standby', true)`);
  await mkdir(to);
  await copyTree(join(from, 'postgres'), join(to, 'postgres'));
  const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)');
  const cluster = join(to, 'postgres/data');
  const { hostname, port, username, password } = new URL(connectionString);
  const primaryInfo = `host=${hostname} port=${port} user=${username} password=${password}`;
  const { uid, gid } = await lstat(cluster);
  for (const [name, text] of Object.entries({
    backup_label: rows[0]?.labelfile ?? '',
    'standby.signal': '',
    // The primary's own would have it wait for a standby once it is promoted.
    'postgresql.auto.conf': `primary_conninfo = '${primaryInfo}'\nprimary_slot_name = 'standby'\n`,
  })) {
    await writeFile(join(cluster, name), text, { mode: 0o600 });
    await chown(join(cluster, name), uid, gid);
  }
}

async function copyTree(from: string, to: string, path = ''): Promise<void> {
  const { uid, gid, mode } = await lstat(join(from, path));
  await mkdir(join(to, path), { mode });
  await chown(join(to, path), uid, gid);
  for (const entry of await readdir(join(from, path), { withFileTypes: true })) {
    const name = join(path, entry.name);
    if (ofTheServer.test(name)) continue;
    if (entry.isDirectory()) {
      await copyTree(from, to, name);
      continue;
    }
    try {
      await copyFile(join(from, name), join(to, name));
      await chown(join(to, name), uid, gid);
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw error; // dropped meanwhile: the log says so too
    }
  }
}

async function connected<Result>(connectionString: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined); // the next query rejects
  await client.connect();
  return use(client).finally(() => client.end());
}
