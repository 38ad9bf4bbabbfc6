import type { Knex } from 'knex';
import { up as first } from './migrations/001-first.ts';
import { up as wholeApi } from './migrations/002-whole-api.ts';
import { query } from './database.ts';

// In code, not in a folder: the same list works from .ts and from .js.
const migrations = [
  { name: '001-first', up: first },
  { name: '002-whole-api', up: wholeApi },
] as const;
type Migration = (typeof migrations)[number];

/** Any number that nothing else in this database locks on. */
const advisoryLock = 5_031_871_002;

const config: Knex.MigratorConfig = {
  tableName: 'migrations',
  migrationSource: {
    getMigrations: () => Promise.resolve([...migrations]),
    getMigrationName: ({ name }: Migration) => name,
    getMigration: ({ up }: Migration) =>
      Promise.resolve({
        // A migration that waits for a lock holds up every request behind it: it gives up instead, and can be run again.
        up: async (trx: Knex) => {
          await trx.raw(`set local lock_timeout = '2s'`);
          await up(trx);
        },
        down: () => Promise.reject(new Error('Migrations go forward only; restore a backup to go back.')),
      }),
  } satisfies Knex.MigrationSource<Migration>,
};

/** Brings the schema up to this release and gives the names of the migrations that it ran. Safe when several run at once. */
export async function migrate(database: Knex): Promise<string[]> {
  return database.transaction(async (lock) => {
    await query(lock, 'select pg_advisory_xact_lock(:advisoryLock)', { advisoryLock });
    // Knex's own lock is a row that a killed migration leaves behind; the advisory lock dies with its session.
    await database.migrate.forceFreeMigrationsLock(config);
    const [, names] = (await database.migrate.latest(config)) as [number, string[]];
    return names;
  });
}

/** Gives the names of the migrations that this release needs and the database lacks. */
export async function missingMigrations(database: Knex): Promise<string[]> {
  const [table] = await query<{ isThere: boolean }>(
    database,
    `select to_regclass('migrations') is not null as "isThere"`,
  );
  if (table?.isThere !== true) return migrations.map(({ name }) => name);
  const applied = await query<{ name: string }>(database, 'select name from migrations');
  return migrations.map(({ name }) => name).filter((name) => !applied.some((row) => row.name === name));
}
