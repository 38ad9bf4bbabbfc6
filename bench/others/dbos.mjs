import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';
import { serve } from './serve.mjs';

// Its tables are made by a process that runs workflows; this one only has them run.
DBOS.setConfig({ name: 'bench', systemDatabaseUrl: process.env.DATABASE_URL, logLevel: 'error' });
await DBOS.launch();
await DBOS.shutdown();
const client = await DBOSClient.create({
  systemDatabaseUrl: process.env.DATABASE_URL,
  systemDatabasePoolSize: 20,
  applicationName: 'bench',
});
serve(202, async ({ body }) => {
  const handle = await client.enqueue({ workflowName: 'clone', queueName: 'clones' }, body);
  return { jobId: handle.workflowID };
});
