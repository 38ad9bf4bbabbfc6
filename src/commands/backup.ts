// A backup is a folder: `database/` has the rows of one moment, as a file of JSON lines for each table, and `objects/` every picture that
// they name, by its key. Rows first: a picture that a row names stays for weeks, but a row may come for one that was copied.

import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Knex } from 'knex';
import type { Config } from '../config.ts';
import { openDatabase } from '../db/database.ts';
import { dumpRows, isEmpty, restoreRows } from '../db/dump.ts';
import { appliedMigrations, knownMigrations, migrate } from '../db/migrate.ts';
import { claimDataFolder } from '../embedded/instance-lock.ts';
import { startPostgres } from '../embedded/postgres.ts';
import { concurrently } from '../storage/concurrently.ts';
import { fileStorage } from '../storage/file-storage.ts';
import { openStorage } from '../storage/open-storage.ts';
import { ObjectMissing, type Storage } from '../storage/storage.ts';
import { StartError, systemCodeOf } from '../start-error.ts';
import { withDatabase } from './with-database.ts';

const [objectsAtOnce, linesAtOnce] = [8, 500];

/** What says that a backup is whole: it is written last. */
interface Manifest {
  /** When it began, in ISO 8601. */
  at: string;
  /** Of the schema that the rows are of. */
  migrations: string[];
  /** How many rows each table has. */
  rows: Record<string, number>;
  /** How many pictures were not there when they were to be copied. */
  missingObjects: number;
}

const databaseOf = (folder: string) => path.join(folder, 'database');
const manifestOf = (folder: string) => path.join(databaseOf(folder), 'manifest.json');
const storageIn = (folder: string) => fileStorage(path.join(folder, 'objects'));

/**
 * `doppel backup FOLDER`: copies all rows, then all pictures that they name. Beside everything that runs; a folder that has a backup
 * gets a newer one, and only the pictures that it lacks. Exits with 1 where a picture is missing, with all else copied.
 */
export async function backup(config: Config, folder: string): Promise<void> {
  const { storage, close } = await openStorage(config.storage);
  await withDatabase(
    config,
    async (database) => {
      const draft = `${databaseOf(folder)}.new`;
      await rm(draft, { recursive: true, force: true });
      await mkdir(draft, { recursive: true, mode: 0o700 });
      const at = new Date().toISOString();
      const migrations = await appliedMigrations(database);
      const rows = await writeRows(database, draft);
      const { copied, missing } = await copyObjects(storage, storageIn(folder), path.join(draft, 'assets.jsonl'));
      const manifest: Manifest = { at, migrations, rows, missingObjects: missing };
      await writeFile(path.join(draft, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
      await replaceFolder(databaseOf(folder), draft);
      const count = Object.values(rows).reduce((sum, some) => sum + some, 0);
      console.log(`${String(count)} rows of ${at}, ${String(copied)} new objects, in ${folder}.`);
      if (missing > 0) {
        console.log(`${String(missing)} objects are missing in the storage: "doppel storage verify" names them.`);
        process.exitCode = 1;
      }
    },
    { isPatient: true },
  ).finally(close);
}

/** Puts a folder in another one's place; broken off, it leaves both. */
async function replaceFolder(folder: string, by: string): Promise<void> {
  const older = `${folder}.old`;
  await rm(older, { recursive: true, force: true });
  await rename(folder, older).catch((error: unknown) => {
    if (systemCodeOf(error) !== 'ENOENT') throw error; // the first backup
  });
  await rename(by, folder);
  await rm(older, { recursive: true, force: true });
}

async function writeRows(database: Knex, folder: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  await dumpRows(database, async (table, rows) => {
    const file = await open(path.join(folder, `${table}.jsonl`), 'wx', 0o600);
    counts[table] = 0;
    try {
      for await (const lines of rows) {
        await file.write(`${lines.join('\n')}\n`);
        counts[table] += lines.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
  });
  return counts;
}

/** Copies the objects that assets name, those that are not there yet. */
async function copyObjects(from: Storage, to: Storage, assets: string): Promise<{ copied: number; missing: number }> {
  const counts = { copied: 0, missing: 0 };
  for await (const lines of linesOf(assets)) {
    const keys = lines.flatMap((line) => {
      const asset = JSON.parse(line) as { storage_key: string; thumbnail_key: string };
      return [asset.storage_key, asset.thumbnail_key];
    });
    await concurrently(keys, objectsAtOnce, async (key) => {
      if ((await to.sizeOf(key)) !== null) return;
      try {
        await to.put(key, await from.get(key));
        counts.copied++;
      } catch (error) {
        if (!(error instanceof ObjectMissing)) throw error;
        counts.missing++;
      }
    });
  }
  return counts;
}

async function* linesOf(file: string): AsyncGenerator<string[]> {
  let some: string[] = [];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    some.push(line);
    if (some.length < linesAtOnce) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

/**
 * `doppel restore FOLDER`: puts a backup into a database that is empty, and its pictures into the storage. Without DATABASE_URL into the
 * Postgres of the data folder, which nothing runs on. Refuses a backup of a newer release; migrates one of an older.
 */
export async function restore(config: Config, folder: string): Promise<void> {
  const manifest = await readManifest(folder);
  const newer = manifest.migrations.filter((name) => !knownMigrations.includes(name));
  if (newer.length > 0) {
    throw new StartError(`The backup is of a newer release than this: it has the migration ${newer.join(', ')}.`);
  }
  const { storage, close } = await openStorage(config.storage);
  await onEmptyDatabase(config, manifest, async (database) => {
    const { copied, missing } = await copyObjects(
      storageIn(folder),
      storage,
      path.join(databaseOf(folder), 'assets.jsonl'),
    );
    const tables = Object.keys(manifest.rows);
    await restoreRows(
      database,
      new Map(tables.map((table) => [table, linesOf(path.join(databaseOf(folder), `${table}.jsonl`))])),
    );
    const names = await migrate(database);
    console.log(`Restored what was there at ${manifest.at}, ${String(copied)} objects with it.`);
    if (names.length > 0) console.log(`Migrated: ${names.join(', ')}`);
    if (missing > manifest.missingObjects) throw new StartError('The backup lacks objects that it should have.');
  }).finally(close);
}

async function readManifest(folder: string): Promise<Manifest> {
  try {
    return JSON.parse(await readFile(manifestOf(folder), 'utf8')) as Manifest;
  } catch (error) {
    throw new StartError(`${folder} has no backup that came to its end.`, { cause: error });
  }
}

/** Works on a database with the backup's schema and no rows: the environment's, or that of the data folder. */
async function onEmptyDatabase(
  config: Config,
  { migrations }: Manifest,
  work: (database: Knex) => Promise<void>,
): Promise<void> {
  const own = config.databaseUrl === null ? await startOwn(config) : null;
  try {
    const database = openDatabase(own?.connectionString ?? config.databaseUrl ?? '', { poolMax: 2 });
    try {
      const applied = await appliedMigrations(database);
      const more = applied.filter((name) => !migrations.includes(name));
      if (more.length > 0 || (applied.length > 0 && !(await isEmpty(database)))) {
        throw new StartError('The database is not empty: a backup goes into a new one.');
      }
      await migrate(database, migrations);
      await work(database);
    } finally {
      await database.destroy();
    }
  } finally {
    await own?.stop();
  }
}

async function startOwn({ dataDir }: Config): Promise<{ connectionString: string; stop: () => Promise<void> }> {
  const onProgress = (message: string) => {
    console.log(message);
  };
  const claim = await claimDataFolder(dataDir, { onProgress });
  const postgres = await startPostgres({ dataDir, onProgress, onSpawn: claim.recordServer }).catch((error: unknown) => {
    claim.release();
    throw error;
  });
  return {
    connectionString: postgres.connectionString,
    async stop() {
      await postgres.stop();
      claim.release();
    },
  };
}
