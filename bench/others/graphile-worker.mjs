import { makeWorkerUtils } from 'graphile-worker';
import { serve } from './serve.mjs';

const utils = await makeWorkerUtils({ connectionString: process.env.DATABASE_URL, maxPoolSize: 20 });
await utils.migrate();
serve(202, async ({ body }) => ({ jobId: (await utils.addJob('clone', body)).id }));
