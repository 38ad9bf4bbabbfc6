import type { Config } from '../config.ts';
import { openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { requireSetting } from './require-setting.ts';

/** `doppel migrate`: safe to run from several places at once. */
export async function migrateDatabase(config: Config): Promise<void> {
  const database = openDatabase(requireSetting('DATABASE_URL', config.databaseUrl), { poolMax: 2 });
  try {
    const names = await migrate(database);
    console.log(names.length === 0 ? 'The schema is up to date.' : `Migrated: ${names.join(', ')}`);
  } finally {
    await database.destroy();
  }
}
