import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import { up as first } from './migrations/001-first.ts';
import { up as wholeApi } from './migrations/002-whole-api.ts';
import { up as jobsThatObey } from './migrations/003-jobs-that-obey.ts';
import { up as webhooks } from './migrations/004-webhooks.ts';
import { up as jobsIndexes } from './migrations/005-jobs-indexes.ts';
import { up as imageModels } from './migrations/006-image-models.ts';
import { up as unusedAssets } from './migrations/007-unused-assets.ts';
import { up as groupCommit } from './migrations/008-group-commit.ts';
import { query } from './database.ts';

// In code, not in a folder: the same list works from .ts and from .js.
const migrations = [
  { name: '001-first', up: first },
  { name: '002-whole-api', up: wholeApi },
  { name: '003-jobs-that-obey', up: jobsThatObey },
  { name: '004-webhooks', up: webhooks },
  { name: '005-jobs-indexes', up: jobsIndexes, isTransactional: false },
  { name: '006-image-models', up: imageModels },
  { name: '007-unused-assets', up: unusedAssets },
  { name: '008-group-commit', up: groupCommit },
] as const;

interface Migration {
  name: string;
  up: (knex: Knex) => Promise<void>;
  /** False for what Postgres does in no transaction, such as building an index beside what goes on. */
  isTransactional?: boolean;
}

/** Any number that nothing else in this database locks on. */
const advisoryLock = 5_031_871_002;

export const knownMigrations: readonly string[] = migrations.map(({ name }) => name);

const configOf = (wanted: readonly string[]): Knex.MigratorConfig => ({
  tableName: 'migrations',
  migrationSource: {
    getMigrations: () => Promise.resolve(migrations.filter(({ name }) => wanted.includes(name))),
    getMigrationName: ({ name }: Migration) => name,
    getMigration: ({ up, isTransactional = true }: Migration) =>
      Promise.resolve({
        config: { transaction: isTransactional },
        // A migration that waits for a lock holds up every request behind it: it gives up instead, and can be run again.
        up: async (trx: Knex) => {
          if (isTransactional) await trx.raw(`set local lock_timeout = '2s'`);
          await up(trx);
        },
        down: () => Promise.reject(new Error('Migrations go forward only; restore a backup to go back.')),
      }),
  } satisfies Knex.MigrationSource<Migration>,
});

async function isLocked(trx: Knex): Promise<boolean> {
  // Without bindings: a statement that has some keeps its snapshot for as long as the transaction stands still.
  const sql = `select pg_try_advisory_xact_lock(${String(advisoryLock)}) as "isOurs"`;
  const [turn] = await query<{ isOurs: boolean }>(trx, sql);
  return turn?.isOurs === true;
}

/**
 * Brings the schema up to this release, or only as far as `wanted` goes, and gives the names of the migrations that it ran. Safe when
 * several run at once.
 */
export async function migrate(database: Knex, wanted: readonly string[] = knownMigrations): Promise<string[]> {
  const config = configOf(wanted);
  return database.transaction(async (lock) => {
    // Asked again and again, not waited for: a statement that waits has a snapshot, and who builds an index waits for that.
    while (!(await isLocked(lock))) await delay(100);
    // Knex's own lock is a row that a killed migration leaves behind; the advisory lock dies with its session.
    await database.migrate.forceFreeMigrationsLock(config);
    const [, names] = (await database.migrate.latest(config)) as [number, string[]];
    return names;
  });
}

/** Gives the names of the migrations that the database has. */
export async function appliedMigrations(database: Knex): Promise<string[]> {
  const [table] = await query<{ isThere: boolean }>(
    database,
    `select to_regclass('migrations') is not null as "isThere"`,
  );
  if (table?.isThere !== true) return [];
  const applied = await query<{ name: string }>(database, 'select name from migrations');
  return applied.map(({ name }) => name);
}

/** Gives the names of the migrations that this release needs and the database lacks. */
export async function missingMigrations(database: Knex): Promise<string[]> {
  const applied = await appliedMigrations(database);
  return knownMigrations.filter((name) => !applied.includes(name));
}
