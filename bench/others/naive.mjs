// The service as it is written at first: Koa, and a transaction of Knex with a statement for each row. Its tables are ours, in a schema
// of its own, without the foreign keys of which each would have to come after the other.
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import knex from 'knex';
import Koa from 'koa';

const database = knex({
  client: 'pg',
  connection: process.env.DATABASE_URL,
  searchPath: ['naive', 'public'],
  pool: { min: 0, max: 10 },
});

const read = async (request) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
};

const app = new Koa();
app.use(async (ctx) => {
  if (ctx.path === '/readyz') {
    ctx.body = 'ready';
    return;
  }
  const { name, overrides } = await read(ctx.req);
  const [influencerId, jobId] = [randomUUID(), randomUUID()];
  await database.transaction(async (trx) => {
    const source = await trx('public.influencers').where({ id: process.env.SOURCE }).first();
    const { organization_id, environment, project_id, attributes, seed } = source;
    const identity = { ...source.identity, ...overrides };
    await trx('idempotency_keys').insert({
      ...{ organization_id, key: ctx.get('Idempotency-Key'), fingerprint: Buffer.alloc(32), job_id: jobId },
    });
    await trx('influencers').insert({
      ...{ organization_id, environment, project_id, id: influencerId, job_id: jobId, source_influencer_id: source.id },
      ...{ name, identity, attributes, seed, status: 'pending' },
    });
    await trx('jobs').insert({
      ...{
        organization_id,
        environment,
        project_id,
        id: jobId,
        influencer_id: influencerId,
        kind: 'influencer_create',
      },
      ...{
        renderer: 'illustrated',
        shots: JSON.parse(process.env.SHOTS),
        input: { identity, seed, startingImages: [] },
      },
    });
    await trx('job_events').insert({
      ...{ organization_id, job_id: jobId, seq: 1, id: randomUUID(), type: 'job.accepted', status: 'running' },
      ...{ stage: 'queued', progress: 0, attempt: 1 },
    });
  });
  ctx.status = 202;
  ctx.body = { jobId, influencerId, status: 'running' };
});
http.createServer(app.callback()).listen(Number(process.env.PORT), '127.0.0.1');
