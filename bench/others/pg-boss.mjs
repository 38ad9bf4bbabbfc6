import { PgBoss } from 'pg-boss';
import { serve } from './serve.mjs';

const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, max: 20 });
await boss.start();
await boss.createQueue('clones');
serve(202, async ({ body }) => ({ jobId: await boss.send('clones', body) }));
