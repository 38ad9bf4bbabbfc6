import assert from 'node:assert/strict';
import { call, createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { createInfluencer } from '../support/builders.ts';
import { assertGapless, readStream } from '../support/event-stream.ts';
import { until } from '../support/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { stepsOf } from '../support/watching.ts';

describe('watching a job while the API restarts', () => {
  let on: TestDatabase;
  let api: TestApi;
  let tenant: Tenant;
  let jobId: string;
  let job: ReturnType<typeof stepsOf>;

  before(async () => {
    on = await createTestDatabase();
  });
  after(() => on.drop());
  beforeEach(async () => {
    api = await startTestApi({ on });
    tenant = await createTenant(on.database);
    ({ jobId } = await createInfluencer(api, tenant));
    job = stepsOf(on.database, jobId);
  });

  const stream = (of: TestApi, lastEventId?: number) =>
    readStream(`${of.url}/v1/jobs/${jobId}/events`, {
      key: tenant.key,
      ...(lastEventId === undefined ? {} : { lastEventId }),
    });

  it('ends streams in order, answers who waits, and is done within a moment', async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => stream(api)));
    await Promise.all(streams.map((one) => one.hears(1)));
    const { headers } = await call(`${api.url}/v1/jobs/${jobId}`, { key: tenant.key });
    const etag = headers.get('etag') ?? '';
    const wait = (more: Record<string, string>) =>
      call(`${api.url}/v1/jobs/${jobId}`, { key: tenant.key, headers: { Prefer: 'wait=60', ...more } });
    const waiting = [wait({}), wait({ 'If-None-Match': etag })];
    await until('all watch', () => api.watchers() === 22);

    const closedFrom = performance.now();
    await api.close();
    assert.ok(performance.now() - closedFrom < 3_000);
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ status }) => status),
      [200, 304],
    );
    for (const { ended, retries } of streams) {
      assert.ok(await ended, 'it was cut');
      const [atFirst, atLast = 0] = retries();
      assert.equal(atFirst, 2_000);
      assert.ok(atLast >= 500 && atLast <= 3_000);
    }
  });

  it('resumes at the next process behind what it has, with what happened between them', async () => {
    await job.step();
    const before = await stream(api);
    await before.hears(2);
    await api.close();
    assert.ok(await before.ended);
    await job.step();
    const next = await startTestApi({ on });
    try {
      const after = await stream(next, before.events().at(-1)?.seq ?? 0);
      await after.hears(3);
      await job.end();
      assert.ok(await after.ended);
      assertGapless([...before.events(), ...after.events()]);
      assert.equal(after.events().at(-1)?.type, 'job.completed');
    } finally {
      await next.close();
    }
  });

  it('tells of what other processes do', async () => {
    const other = await startTestApi({ on });
    const all = await Promise.all([stream(api), stream(other)]);
    await job.step();
    await job.end('canceled');
    for (const { ended, events } of all) {
      assert.ok(await ended);
      assertGapless(events());
    }
    assert.equal(all[0].text(), all[1].text());
    await Promise.all([api.close(), other.close()]);
  });
});

describe('more watchers than there may be', () => {
  it('are told to come back, of which others take no notice', async () => {
    const api = await startTestApi({ watchersMax: 2 * 2 });
    try {
      const tenant = await createTenant(api.database);
      const { jobId } = await createInfluencer(api, tenant);
      const url = `${api.url}/v1/jobs/${jobId}`;
      const { key } = tenant;
      const reader = await readStream(`${url}/events`, { key });
      const waiting = call(url, { key, headers: { Prefer: 'wait=30' } });
      await until('both watch', () => api.watchers() === 2);

      for (const [path, headers] of [
        [`${url}/events`, {}],
        [url, { Prefer: 'wait=30' }],
      ] as const) {
        const reply = await call(path, { key, headers });
        assert.deepEqual([reply.status, reply.body.error.code], [503, 'UNAVAILABLE']);
        assert.match(reply.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
      }
      assert.equal((await call(url, { key })).status, 200);
      assert.equal((await call(url, { key, headers: { Prefer: 'wait=0' } })).status, 200);

      // One organization takes half of the places: another one finds some.
      const other = await createTenant(api.database);
      const { jobId: otherJobId } = await createInfluencer(api, other);
      const otherReader = await readStream(`${api.url}/v1/jobs/${otherJobId}/events`, { key: other.key });
      await until('it watches', () => api.watchers() === 3);
      otherReader.close();
      await until('it has gone', () => api.watchers() === 2);
      reader.close();
      await until('one has gone', () => api.watchers() === 1);
      const next = await readStream(`${url}/events`, { key });
      await stepsOf(api.database, jobId).end();
      assert.ok(await next.ended);
      assert.equal((await waiting).body.status, 'completed');
    } finally {
      await api.close();
    }
  });
});
