import type { Knex } from 'knex';
import type { Config } from '../config.ts';
import { findLivingInstance } from '../embedded/instance-lock.ts';
import { openMigratedDatabase } from '../migrated-database.ts';
import { StartError } from '../start-error.ts';

/** Works on the database of the environment, or on that of the embedded system that runs on the data folder. */
export async function withDatabase(
  config: Config,
  work: (database: Knex) => Promise<void>,
  patience: { isPatient?: boolean } = {},
): Promise<void> {
  const databaseUrl = config.databaseUrl ?? findLivingInstance(config.dataDir)?.addresses['databaseUrl'];
  if (databaseUrl === undefined) {
    throw new StartError('Set DATABASE_URL, or run "npm start" meanwhile to work on its database.');
  }
  const database = await openMigratedDatabase(databaseUrl, 2, patience);
  await work(database).finally(() => database.destroy());
}
