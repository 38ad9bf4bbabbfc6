// Loads a crowd of influencers with their jobs into the database of DATABASE_URL, a million unless `--count` says otherwise, to
// see how the service does on a full one: `tsx scripts/load-a-million.ts --count 100000`, then `tsx scripts/compare-sizes.ts`.

import { parseArgs } from 'node:util';
import { openDatabase } from '../src/db/database.ts';
import { migrate } from '../src/db/migrate.ts';
import { createCrowd, growCrowd } from './crowd.ts';

const { values } = parseArgs({ options: { count: { type: 'string', default: '1000000' } } });
const { DATABASE_URL: url } = process.env;
if (url === undefined) throw new Error('Set DATABASE_URL to the database that is to be filled.');

const database = openDatabase(url, { poolMax: 2 });
try {
  await migrate(database);
  const crowd = await createCrowd(database);
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  await growCrowd(database, crowd, { count: Number(values.count), failedEvery: 100 }, (loaded) => {
    if (loaded % 100_000 === 0 || loaded === Number(values.count)) console.log(`${String(loaded)} in ${seconds()} s`);
  });
  console.log(`Loaded in ${seconds()} s: organization ${crowd.organizationId}, project ${crowd.projectId}.`);
} finally {
  await database.destroy();
}
