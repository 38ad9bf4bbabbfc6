// One real Postgres for the whole run, and in it a database of its own for each test file, cloned from a migrated template.

import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { startPostgres } from '../../src/embedded/postgres.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

const template = 'doppel_template';

interface Server {
  urlOf: (database: string) => string;
  stop: () => Promise<void>;
}

let server: Promise<Server> | undefined;

async function start(): Promise<Server> {
  const dataDir = await makeTemporaryFolder();
  const postgres = await startPostgres({ dataDir, onProgress: () => undefined });
  const urlOf = (name: string) => {
    const url = new URL(postgres.connectionString);
    url.pathname = `/${name}`;
    return url.href;
  };
  const admin = openDatabase(postgres.connectionString, { poolMax: 1 });
  await admin.raw(`create database ${template}`);
  await admin.destroy();
  const database = openDatabase(urlOf(template), { poolMax: 2 });
  await migrate(database);
  await database.destroy();
  return {
    urlOf,
    async stop() {
      await postgres.stop();
      await removeTemporaryFolder(dataDir);
    },
  };
}

export interface TestDatabase {
  database: Knex;
  url: string;
  drop: () => Promise<void>;
}

/** Makes an empty database, migrated unless it is to be without any table; `drop` it after the file's tests. */
export async function createTestDatabase({ isMigrated = true } = {}): Promise<TestDatabase> {
  server ??= start();
  const { urlOf } = await server;
  const name = `doppel_${randomUUID().replaceAll('-', '')}`;
  const admin = openDatabase(urlOf('postgres'), { poolMax: 1 });
  await admin.raw(`create database ${name} template ${isMigrated ? template : 'template1'}`);
  const database = openDatabase(urlOf(name), { poolMax: 20 });
  return {
    database,
    url: urlOf(name),
    async drop() {
      await database.destroy();
      await admin.raw(`drop database ${name} with (force)`);
      await admin.destroy();
    },
  };
}

/** Mocha's, run once after all files. */
export async function mochaGlobalTeardown(): Promise<void> {
  await (await server)?.stop();
}
