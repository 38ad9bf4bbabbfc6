import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import Type from 'typebox';
import { v7 as newId } from 'uuid';
import { hasQueuedJobs } from '../../src/db/backlog.ts';
import { query } from '../../src/db/database.ts';
import { queuedJobsLimits, type Tier } from '../../src/domain/scopes.ts';
import { backlogOf } from '../../src/http/backlog.ts';
import { defineEndpoint } from '../../src/http/define-endpoint.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { call, createTenant } from '../support/api.ts';
import { serveApp } from '../support/app.ts';
import { until } from '../support/eventually.ts';
import { acceptJob, createHome } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { assertRefused } from '../support/refusals.ts';

const endpointFor = (rateClass: 'long-running' | 'write-light', path: string) =>
  defineEndpoint<{ database: Knex }>()({
    method: 'post',
    path,
    operationId: path,
    tag: 'Things',
    summary: 'Do',
    description: 'For tests.',
    scope: null,
    rateClass,
    replies: { 200: { description: 'Done.', schema: Type.Object({}) } },
    errors: [],
    handle: () => Promise.resolve({ status: 200 as const, body: {} }),
  });

describe('the limit of queued jobs in all', () => {
  let testDatabase: TestDatabase;
  let server: HttpServer;
  let key: string;
  before(async () => {
    testDatabase = await createTestDatabase();
    const { database } = testDatabase;
    ({ key } = await createTenant(database));
    const endpoints = [endpointFor('long-running', '/v1/jobs'), endpointFor('write-light', '/v1/things')];
    server = await serveApp({ database, endpoints, queuedJobsMax: 3 });
  });
  after(async () => {
    await server.close();
    await testDatabase.drop();
  });

  const start = (name: string) =>
    call(`${server.url}/v1/jobs`, { method: 'POST', key, headers: { 'Idempotency-Key': name } });

  it('keeps what starts a job away while it is reached, with when to come back, and nothing else', async () => {
    assert.equal((await start('before')).status, 200);
    const jobs = [];
    for (let i = 0; i < 3; i++) jobs.push(await acceptJob(testDatabase.database));
    await until('the limit is noticed', async () => (await start(newId())).status === 503);
    const refused = await start(newId());
    assertRefused(refused, { status: 503, code: 'UNAVAILABLE', message: 'Too many jobs are queued; try again later.' });
    assert.equal(refused.headers.get('retry-after'), '30');
    assert.equal((await call(`${server.url}/v1/things`, { method: 'POST', key })).status, 200);
    assert.equal((await start('before')).headers.get('idempotent-replayed'), 'true');

    await testDatabase.database('jobs').where({ id: jobs[0]?.jobId }).update({ stage: 'rendering' });
    await until('there is room again', async () => (await start(newId())).status === 200);
  });

  it('counts the queued ones alone', async () => {
    assert.equal(await hasQueuedJobs(testDatabase.database, 2), true);
    assert.equal(await hasQueuedJobs(testDatabase.database, 3), false);
  });
});

describe('the limit of queued jobs of one organization', () => {
  let testDatabase: TestDatabase;
  before(async () => {
    testDatabase = await createTestDatabase();
  });
  after(() => testDatabase.drop());

  it('is counted with each request up to a thousand, and looked at beside them above', async () => {
    const { database } = testDatabase;
    const [home, other] = [await createHome(database), await createHome(database)];
    const backlog = backlogOf(database, 1_000_000, { ...queuedJobsLimits, internal: 1_001 });
    const limitOf = (tier: Tier, { organizationId } = home) => backlog.queuedLimitFor({ organizationId, tier });
    assert.deepEqual([limitOf('standard'), limitOf('internal')], [1_000, null]);

    const { jobId } = await acceptJob(database, { home });
    const others = `id <> :jobId and organization_id = :organizationId`;
    const bindings = { jobId, organizationId: home.organizationId };
    await database.transaction(async (trx) => {
      await query(trx, 'set local session_replication_role = replica'); // they have no influencers
      await query(
        trx,
        `insert into jobs
         select (jsonb_populate_record(j, jsonb_build_object('id', uuidv7(), 'influencer_id', uuidv7()))).*
         from jobs j, generate_series(1, 1000) where id = :jobId`,
        bindings,
      );
    });
    await until('they are seen', () => Promise.resolve(limitOf('internal') === 0));
    assert.equal(limitOf('internal', other), null);
    await query(database, `update jobs set stage = 'rendering' where ${others}`, bindings);
    await until('there is room again', () => Promise.resolve(limitOf('internal') === null));
  });
});
