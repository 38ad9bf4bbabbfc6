import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import Type from 'typebox';
import { v7 as newId } from 'uuid';
import { hasQueuedJobs } from '../../src/db/backlog.ts';
import { defineEndpoint } from '../../src/http/define-endpoint.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { call, createTenant } from '../support/api.ts';
import { serveApp } from '../support/app.ts';
import { until } from '../support/eventually.ts';
import { acceptJob } from '../support/jobs.ts';
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
