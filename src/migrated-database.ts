import type { Knex } from 'knex';
import { openDatabase } from './db/database.ts';
import { missingMigrations } from './db/migrate.ts';
import { StartError } from './start-error.ts';

/**
 * Opens a pool on a database that has every migration of this release; throws a `StartError` when it has not, or is away. A
 * statement that is not answered within ten seconds fails, unless the caller `isPatient`.
 */
export async function openMigratedDatabase(
  connectionString: string,
  poolMax: number,
  { isPatient = false } = {},
): Promise<Knex> {
  const database = openDatabase(connectionString, { poolMax, ...(isPatient ? {} : { timeoutMs: 10_000 }) });
  try {
    const missing = await missingMigrations(database);
    if (missing.length > 0) {
      throw new StartError(`The database lacks the migration ${missing.join(', ')}: run "doppel migrate" first.`);
    }
    return database;
  } catch (error) {
    await database.destroy();
    if (error instanceof StartError) throw error;
    throw new StartError(`Postgres cannot be used: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
}
