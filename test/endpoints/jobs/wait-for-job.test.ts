import assert from 'node:assert/strict';
import { request } from 'undici';
import type { Principal } from '../../../src/db/api-keys.ts';
import { findJobVersions } from '../../../src/db/job-events.ts';
import { query } from '../../../src/db/database.ts';
import { parseId } from '../../../src/domain/ids.ts';
import { waitForJob } from '../../../src/endpoints/jobs/wait-for-job.ts';
import { openJobFeed } from '../../../src/feed/job-feed.ts';
import {
  call,
  createTenant,
  createTestKey,
  silent,
  startTestApi,
  type Tenant,
  type TestApi,
} from '../../support/api.ts';
import { createInfluencer, unknownId } from '../../support/builders.ts';
import { until } from '../../support/eventually.ts';
import { assertRefused } from '../../support/refusals.ts';
import { stepsOf } from '../../support/watching.ts';

describe('GET /v1/jobs/:jobId with Prefer: wait', () => {
  let api: TestApi;
  let tenant: Tenant;
  let jobId: string;
  let job: ReturnType<typeof stepsOf>;

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database, { scopes: ['*', 'org:admin'] });
  });
  after(() => api.close());
  beforeEach(async () => {
    ({ jobId } = await createInfluencer(api, tenant));
    job = stepsOf(api.database, jobId);
  });

  const read = (wait: string | null, headers: Record<string, string> = {}, key = tenant.key) =>
    call(`${api.url}/v1/jobs/${jobId}`, { key, headers: { ...(wait === null ? {} : { Prefer: wait }), ...headers } });
  const etagNow = async () => (await read(null)).headers.get('etag') ?? '';
  const timed = async <Answer>(what: Promise<Answer>): Promise<[answer: Answer, ms: number]> => {
    const startedAt = performance.now();
    return [await what, performance.now() - startedAt];
  };
  const untilWaiting = (count = 1) => until(`${String(count)} wait`, () => api.watchers() === count);

  describe('and If-None-Match', () => {
    it('answers as soon as the job changes', async () => {
      const etag = await etagNow();
      const waiting = timed(read('wait=30', { 'If-None-Match': etag }));
      await untilWaiting();
      await job.step(0.4);
      const [{ status, headers, body }, ms] = await waiting;
      assert.deepEqual([status, body.progress], [200, 0.4]);
      assert.match(headers.get('etag') ?? '', /^"2-/);
      assert.equal(headers.get('preference-applied'), 'wait=30');
      assert.match(headers.get('vary') ?? '', /Prefer/);
      assert.ok(ms < 5_000);
    });

    it('is 304 when nothing changes in that time', async () => {
      const etag = await etagNow();
      const [reply, ms] = await timed(read('wait=1', { 'If-None-Match': etag }));
      assert.deepEqual([reply.status, reply.body, reply.headers.get('etag')], [304, undefined, etag]);
      assert.equal(reply.headers.get('preference-applied'), 'wait=1');
      assert.ok(ms >= 990 && ms < 3_000, String(ms));
    });

    it('answers at once to another version, in either coding', async () => {
      const etag = await etagNow();
      await job.step();
      for (const held of [etag, etag.replace(/"$/, '-gzip"'), '"0-0"', `W/${etag}`]) {
        const [{ status }, ms] = await timed(read('wait=30', { 'If-None-Match': held }));
        assert.equal(status, 200);
        assert.ok(ms < 5_000);
      }
    });

    it('waits for whoever has the version in the other coding', async () => {
      const etag = (await etagNow()).replace(/"$/, '-gzip"');
      const reply = await read('wait=1', { 'If-None-Match': `"0-0", ${etag}` });
      assert.deepEqual([reply.status, reply.headers.get('etag')], [304, etag]);
    });

    it('waits also on a job that has ended: it may be retried', async () => {
      await job.fail();
      const waiting = read('wait=30', { 'If-None-Match': await etagNow() });
      await untilWaiting();
      await job.retry();
      assert.deepEqual([(await waiting).status, (await waiting).body.attempt], [200, 2]);
    });
  });

  describe('alone', () => {
    it('answers when the job has ended, and not before', async () => {
      const waiting = read('wait=30');
      await untilWaiting();
      await job.step();
      await job.step();
      await untilWaiting();
      await job.end();
      const { status, body } = await waiting;
      assert.deepEqual([status, body.status], [200, 'completed']);
    });

    it('answers with what is when the time is up', async () => {
      const [{ status, body, headers }, ms] = await timed(read('wait=1'));
      assert.deepEqual([status, body.status], [200, 'running']);
      assert.equal(headers.get('preference-applied'), 'wait=1');
      assert.ok(ms >= 990, String(ms));
    });

    it('answers at once of a job that has ended', async () => {
      await job.end('canceled');
      const [{ body }, ms] = await timed(read('wait=30'));
      assert.equal(body.status, 'canceled');
      assert.ok(ms < 5_000);
    });
  });

  it('of 0 s, or malformed, answers at once, and says which', async () => {
    const etag = await etagNow();
    for (const [prefer, applied] of [
      ['wait=0', 'wait=0'],
      ['wait=x', null],
      ['respond-async', null],
    ] as const) {
      const [{ status, headers }, ms] = await timed(read(prefer, { 'If-None-Match': etag }));
      assert.deepEqual([status, headers.get('preference-applied')], [304, applied]);
      assert.match(headers.get('vary') ?? '', /Prefer/);
      assert.ok(ms < 1_000);
    }
  });

  it('of more than 60 s counts as 60', async () => {
    await job.end();
    assert.equal((await read('respond-async, Wait="3600"')).headers.get('preference-applied'), 'wait=60');
  });

  it('is 404 at once where there is no such job', async () => {
    const headers = { Prefer: 'wait=30', 'If-None-Match': '"1-1"' };
    const reply = await call(`${api.url}/v1/jobs/${unknownId('job')}`, { key: tenant.key, headers });
    assertRefused(reply, { status: 404, code: 'NOT_FOUND', message: 'Job not found.' });
    const other = await createTenant(api.database);
    const [theirs, ms] = await timed(read('wait=30', {}, other.key));
    assert.equal(theirs.status, 404);
    assert.ok(ms < 5_000);
  });

  it('to HEAD waits as to GET', async () => {
    const etag = await etagNow();
    const headers = { Prefer: 'wait=1', 'If-None-Match': etag };
    const reply = await call(`${api.url}/v1/jobs/${jobId}`, { method: 'HEAD', key: tenant.key, headers });
    assert.deepEqual([reply.status, reply.headers.get('preference-applied')], [304, 'wait=1']);
  });

  it('is told when its key is killed meanwhile, as it would be told without waiting', async () => {
    for (const [change, status, code] of [
      ['kill', 503, 'KILL_SWITCH'],
      ['rotate', 401, 'UNAUTHENTICATED'],
    ] as const) {
      const key = await createTestKey(api.database, tenant.organizationId);
      const { body } = await call(`${api.url}/v1/whoami`, { key });
      const waiting = read('wait=30', { 'If-None-Match': await etagNow() }, key);
      await untilWaiting();
      await call(`${api.url}/v1/api-keys/${String(body.apiKeyId)}/${change}`, { method: 'POST', key: tenant.key });
      const [reply, ms] = await timed(waiting);
      assert.deepEqual([reply.status, reply.body.error.code], [status, code]);
      assert.ok(ms < 1_000);
    }
  });

  it('is over at once when the caller goes away', async () => {
    const going = new AbortController();
    const waiting = request(`${api.url}/v1/jobs/${jobId}`, {
      headers: { 'X-Api-Key': tenant.key, Prefer: 'wait=60', 'X-Forwarded-For': '2001:db8::1' },
      signal: going.signal,
    });
    const gone = assert.rejects(waiting);
    await untilWaiting();
    going.abort();
    await gone;
    await untilWaiting(0);
  });

  it('holds no connection while it waits', async () => {
    const etag = await etagNow();
    const waiting = Array.from({ length: 50 }, () => read('wait=30', { 'If-None-Match': etag }));
    await untilWaiting(50);
    assert.equal((await read(null)).status, 200);
    const rows = await query<{ busy: number }>(
      api.database,
      `select count(*)::int as busy from pg_stat_activity
       where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`,
    );
    assert.equal(rows[0]?.busy, 0);
    await job.step();
    for (const { status } of await Promise.all(waiting)) assert.equal(status, 200);
  });

  it('answers when the hour of its URLs is over, though nothing happened', async () => {
    const [owner] = await query<Principal>(
      api.database,
      `select k.organization_id as "organizationId", k.id as "apiKeyId", k.lookup, k.environment from api_keys k
       where k.lookup = :lookup`,
      { lookup: tenant.key.split('_')[2] },
    );
    const jobFeed = openJobFeed({
      ...{ database: api.database, databaseUrl: api.databaseUrl, watchersMax: 10, log: silent },
    });
    try {
      const hourMs = 3_600_000;
      const startedAt = performance.now();
      const now = () => new Date(hourMs - 200 + (performance.now() - startedAt));
      await waitForJob(
        {
          principal: owner ?? assert.fail('no key'),
          jobId: parseId('job', jobId),
          wait: { withinMs: 30_000, holds: (etag) => etag === '1-0', signal: new AbortController().signal },
        },
        {
          findJobVersion: async (owned) => (await findJobVersions(api.database, [owned])).get(owned.id),
          ...{ jobFeed, now },
        },
      );
      assert.ok(now().getTime() > hourMs && performance.now() - startedAt < 5_000);
      assert.equal(jobFeed.size(), 0);
    } finally {
      await jobFeed.close();
    }
  });
});
