import assert from 'node:assert/strict';
import { formatId, parseId } from '../../../src/domain/ids.ts';
import { query } from '../../../src/db/database.ts';
import { call, createTenant, createTestKey, startTestApi, type Tenant, type TestApi } from '../../support/api.ts';
import { createInfluencer, unknownId } from '../../support/builders.ts';
import { assertGapless, readStream, type StreamReader } from '../../support/event-stream.ts';
import { until } from '../../support/eventually.ts';
import { assertRefused, brokenRulesOf } from '../../support/refusals.ts';
import { stepsOf } from '../../support/watching.ts';

describe('GET /v1/jobs/:jobId/events', () => {
  let api: TestApi;
  let tenant: Tenant;
  let jobId: string;
  let job: ReturnType<typeof stepsOf>;
  const open: StreamReader[] = [];

  before(async () => {
    api = await startTestApi({ heartbeatMs: 50 });
    tenant = await createTenant(api.database, { scopes: ['*', 'org:admin'] });
  });
  after(() => api.close());
  beforeEach(async () => {
    ({ jobId } = await createInfluencer(api, tenant));
    job = stepsOf(api.database, jobId);
  });
  afterEach(() => {
    for (const stream of open.splice(0)) stream.close();
  });

  const urlOf = (id = jobId) => `${api.url}/v1/jobs/${id}/events`;
  const stream = async (options: { lastEventId?: number; key?: string; method?: 'HEAD' } = {}) => {
    const reader = await readStream(urlOf(), { key: tenant.key, ...options });
    open.push(reader);
    return reader;
  };

  it('sends what happened, then what happens, and ends with the job', async () => {
    await job.step(0.05);
    const reader = await stream();
    await reader.hears(2);
    await job.step(0.123456);
    await reader.hears(3);
    await job.end();
    assert.ok(await reader.ended);
    assertGapless(reader.events());
    const [accepted, first, second, last] = reader.events();
    assert.deepEqual(
      { ...accepted, at: '' },
      { seq: 1, jobId, type: 'job.accepted', at: '', status: 'running', stage: 'queued', progress: 0, attempt: 1 },
    );
    assert.deepEqual([first?.shot, second?.progress], ['portrait', 0.123]);
    assert.match(String(first?.assetId), /^ast_/);
    assert.deepEqual([last?.type, last?.status, last?.stage, last?.progress], ['job.completed', 'completed', null, 1]);
    assert.doesNotMatch(reader.text(), /http|url/i);
  });

  it('is an event stream that nobody keeps or holds back, and says when to come back', async () => {
    const { status, headers, retries } = await stream();
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/event-stream');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-accel-buffering'], 'no');
    assert.equal(headers['content-encoding'], undefined);
    assert.match(String(headers['x-request-id']), /^req_/);
    await until('retry is said', () => retries()[0] === 2_000);
  });

  it('sends the same bytes in every replay', async () => {
    for (const progress of [0.05, 1 / 3, 0.95]) await job.step(progress);
    const live = await stream();
    await job.fail();
    assert.ok(await live.ended);
    const replay = await stream();
    assert.ok(await replay.ended);
    assert.equal(replay.text(), live.text());
    assert.deepEqual(replay.events().at(-1)?.error, {
      code: 'RENDER_FAILED',
      details: null,
      message: 'No pencil.',
      retryable: true,
    });
    const rest = await stream({ lastEventId: 3 });
    assert.ok(await rest.ended);
    assert.ok(live.text().endsWith(rest.text()));
    assertGapless(rest.events(), 4);
  });

  it('goes on behind Last-Event-ID', async () => {
    for (let step = 0; step < 3; step++) await job.step();
    const reader = await stream({ lastEventId: 2 });
    await reader.hears(4);
    await job.step();
    await reader.hears(5);
    assertGapless(reader.events(), 3);
  });

  it('takes a Last-Event-ID beyond the last event for that one', async () => {
    const reader = await stream({ lastEventId: 1_000 });
    await job.step();
    await reader.hears(2);
    await job.end();
    assert.ok(await reader.ended);
    assertGapless(reader.events(), 2);
  });

  it('is 204 to whoever has all of a job that has ended, and the last event to whoever lacks it', async () => {
    await job.end('canceled');
    for (const id of [2, 3, 2 ** 40]) {
      const reply = await call(urlOf(), { key: tenant.key, headers: { 'Last-Event-ID': String(id) } });
      assert.deepEqual([reply.status, reply.body, reply.headers.get('content-type')], [204, undefined, null]);
    }
    const reader = await stream({ lastEventId: 1 });
    assert.ok(await reader.ended);
    assert.deepEqual(
      reader.events().map(({ seq, type }) => [seq, type]),
      [[2, 'job.canceled']],
    );
  });

  it('goes on through an end that a retry follows', async () => {
    const before = await stream();
    await job.fail();
    assert.ok(await before.ended, 'at the end nobody knows of a retry');
    await job.retry();
    const reader = await stream();
    await reader.hears(3);
    await job.step();
    await job.end();
    assert.ok(await reader.ended);
    assertGapless(reader.events());
    assert.deepEqual(
      reader.events().map(({ type, attempt }) => [type, attempt]),
      [
        ['job.accepted', 1],
        ['job.failed', 1],
        ['job.accepted', 2],
        ['job.progress', 2],
        ['job.completed', 2],
      ],
    );
  });

  it('sends just the last event where the others are forgotten', async () => {
    for (let step = 0; step < 3; step++) await job.step();
    await job.end();
    await query(api.database, 'delete from job_events where job_id = :id and seq < 5', { id: parseId('job', jobId) });
    const reader = await stream();
    assert.ok(await reader.ended);
    assert.deepEqual(
      reader.events().map(({ seq }) => seq),
      [5],
    );
  });

  it('sends a backlog that is longer than what a reader may leave unread', async () => {
    const ids = { jobId: parseId('job', jobId), organizationId: tenant.organizationId };
    await query(
      api.database,
      `with event as (
         insert into job_events (organization_id, job_id, seq, id, type, status, stage, progress, attempt, error)
         select :organizationId, :jobId, seq, gen_random_uuid(), 'job.progress', 'running', 'rendering', 0.5, 1,
                jsonb_build_object('code', 'RENDER_FAILED', 'message', repeat('x', 200))
         from generate_series(2, 2000) seq
       )
       update jobs set last_seq = 2000 where id = :jobId`,
      ids,
    );
    const reader = await stream();
    await reader.hears(2_000);
    assert.ok(reader.text().length > 512 * 1024);
    await job.end();
    assert.ok(await reader.ended);
    assertGapless(reader.events());
  });

  it('lives on while nothing happens', async () => {
    const reader = await stream();
    await until('its heart beats', () => reader.heartbeats() >= 3);
    assert.equal(reader.events().length, 1);
  });

  it('to HEAD is its headers alone', async () => {
    const { status, headers, ended } = await stream({ method: 'HEAD' });
    assert.deepEqual([status, headers['content-type']], [200, 'text/event-stream']);
    assert.ok(await ended);
    await job.end();
    const reply = await call(urlOf(), { method: 'HEAD', key: tenant.key, headers: { 'Last-Event-ID': '2' } });
    assert.equal(reply.status, 204);
  });

  for (const id of ['', '-1', '1.5', 'x', '0x1', '1 2']) {
    it(`refuses "${id}" as Last-Event-ID`, async () => {
      const reply = await call(urlOf(), { key: tenant.key, headers: { 'Last-Event-ID': id } });
      assert.equal(reply.status, 422);
      assert.deepEqual(brokenRulesOf(reply), [['header.Last-Event-ID', 'pattern']]);
      assert.equal(reply.headers.get('content-type'), 'application/json; charset=utf-8');
    });
  }

  it('shows nobody else’s job', async () => {
    const other = await createTenant(api.database);
    const test = await createTestKey(api.database, tenant.organizationId, { environment: 'test' });
    for (const [key, id] of [
      [other.key, jobId],
      [test, jobId],
      [tenant.key, unknownId('job')],
    ] as const) {
      const reply = await call(urlOf(id), { key });
      assertRefused(reply, { status: 404, code: 'NOT_FOUND', message: 'Job not found.' });
    }
  });

  it('ends within a second when its key is killed, rotated, deleted, or expires, and leaves others alone', async () => {
    const keyOf = async (): Promise<{ key: string; id: string }> => {
      const key = await createTestKey(api.database, tenant.organizationId);
      return { key, id: (await call(`${api.url}/v1/whoami`, { key })).body.apiKeyId as string };
    };
    const other = await stream();
    for (const [method, what] of [
      ['POST', '/kill'],
      ['POST', '/rotate'],
      ['DELETE', ''],
    ] as const) {
      const { key, id } = await keyOf();
      const reader = await stream({ key });
      await reader.hears(1);
      const { status } = await call(`${api.url}/v1/api-keys/${id}${what}`, { method, key: tenant.key });
      assert.equal(status, 200);
      const answeredAt = performance.now();
      assert.ok(await reader.ended);
      assert.ok(performance.now() - answeredAt < 1_000, what);
    }
    const { key } = await keyOf();
    await query(api.database, `update api_keys set expires_at = now() + interval '300 ms' where lookup = :lookup`, {
      lookup: key.split('_')[2],
    });
    const reader = await stream({ key });
    assert.ok(await reader.ended);
    await until('it is not known any more', async () => (await call(urlOf(), { key })).status === 401);
    await job.step();
    await other.hears(2);
  });

  it('ends at once when its key was killed after it was authenticated from memory', async () => {
    const key = await createTestKey(api.database, tenant.organizationId);
    await call(`${api.url}/v1/whoami`, { key });
    await query(api.database, 'update api_keys set killed_at = now() where lookup = :lookup', {
      lookup: key.split('_')[2],
    });
    const reader = await stream({ key });
    assert.ok(await reader.ended);
  });

  it('answers to every spelling of the id', async () => {
    const uuid = parseId('job', jobId);
    const reader = await readStream(urlOf(uuid.toUpperCase()), { key: tenant.key });
    open.push(reader);
    await reader.hears(1);
    assert.equal(reader.events()[0]?.jobId, formatId('job', uuid));
  });
});
