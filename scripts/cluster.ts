// Starts Doppel as it runs in production, as processes of this machine, and tells how to try it: `npm run cluster`, Ctrl-C ends it.

import { once } from 'node:events';
import { createTenant } from '../test/support/api.ts';
import { startCluster } from '../test/cluster/cluster.ts';

console.log('Starting Temporal on Postgres, Postgres, S3, two APIs behind a proxy, and three workers …');
const cluster = await startCluster();
try {
  const { key, projectId } = await createTenant(cluster.database);
  console.log(`
  API       ${cluster.url}
  API docs  ${cluster.url}/docs
  Temporal  ${cluster.temporal.connect.connectionOptions.address ?? ''}

Create an influencer:

curl -X POST ${cluster.url}/v1/projects/${projectId}/influencers \\
  -H "X-Api-Key: ${key}" -H "Content-Type: application/json" -d '{"name":"Ava Chen","vibe":"warm"}'

Ctrl-C ends it, and removes what was made.`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
} finally {
  await cluster.close();
}
