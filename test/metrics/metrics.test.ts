import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import { metricsPlaces, openMetrics } from '../../src/commands/open-metrics.ts';
import { readLoad } from '../../src/db/load.ts';
import { formatId } from '../../src/domain/ids.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { measureLoad } from '../../src/metrics/metrics.ts';
import { call, createTenant, silent, startTestApi, type TestApi } from '../support/api.ts';
import { acceptJob, createHome } from '../support/jobs.ts';

describe('the metrics', () => {
  let api: TestApi;
  let server: HttpServer;

  before(async () => {
    api = await startTestApi();
    server = await openMetrics({ host: '127.0.0.1', port: 0, sdkAddress: null }, silent);
  });
  after(async () => {
    await server.close();
    await api.close();
  });

  const read = async (): Promise<string> => {
    const reply = await fetch(`${server.url}/metrics`);
    assert.equal(reply.status, 200);
    assert.match(reply.headers.get('Content-Type') ?? '', /^text\/plain; version=0\.0\.4/);
    return reply.text();
  };
  /** The value of a series, 0 where there is none. */
  const valueOf = async (series: string): Promise<number> => {
    const line = (await read()).split('\n').find((one) => one.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? 0);
  };

  it('count requests by route, and have neither ids nor what callers made up', async () => {
    const tenant = await createTenant(api.database);
    const series = 'doppel_http_request_seconds_count{method="GET",route="/v1/jobs/:jobId",status="404"}';
    const before = await valueOf(series);
    const id = formatId('job', newId());
    for (const path of [`/v1/jobs/${id}`, `/v1/made-up/${id}`]) {
      assert.equal((await call(`${api.url}${path}`, { key: tenant.key })).status, 404);
    }
    for (const [path, status] of [
      [`/v1/jobs/${id}`, 405],
      [`/v1/made-up/${id}`, 404],
    ] as const) {
      assert.equal((await call(`${api.url}${path}`, { method: 'PROPFIND', key: tenant.key })).status, status);
    }
    assert.equal(await valueOf(series), before + 1);
    assert.ok((await valueOf('doppel_http_request_seconds_count{method="GET",route="none",status="404"}')) > 0);
    const told = await read();
    for (const made of ['made-up', 'PROPFIND', id]) assert.ok(!told.includes(made), made);
  });

  it('do not time who asked to wait', async () => {
    const tenant = await createTenant(api.database);
    const series = 'doppel_http_request_seconds_count{method="GET",route="/v1/jobs/:jobId",status="404"}';
    const before = await valueOf(series);
    const url = `${api.url}/v1/jobs/${formatId('job', newId())}`;
    await call(url, { key: tenant.key, headers: { Prefer: 'wait=1' } });
    assert.equal(await valueOf(series), before);
  });

  it('tell what there is to do, and go on without it while Postgres is away', async () => {
    const home = await createHome(api.database);
    for (let i = 0; i < 3; i++) await acceptJob(api.database, { home });
    const stop = measureLoad(() => readLoad(api.database));
    assert.equal(await valueOf('doppel_jobs_unstarted'), 3);
    assert.equal(await valueOf('doppel_jobs_running{stage="queued"}'), 3);
    assert.ok((await valueOf('doppel_oldest_unstarted_job_seconds')) > 0);
    assert.ok((await valueOf('doppel_database_connections{pool="api",state="free"}')) > 0);
    stop();
    const stopAgain = measureLoad(() => Promise.reject(new Error('Postgres is away')));
    assert.match(await read(), /^doppel_jobs_unstarted Nan$/m);
    stopAgain();
  });

  it('are served at one path, and only where they are asked for', async () => {
    assert.equal((await fetch(server.url)).status, 404);
    assert.equal((await fetch(`${server.url}/metrics`, { method: 'POST' })).status, 404);
    assert.equal(await metricsPlaces({ host: '127.0.0.1', metricsPort: null }), null);
  });
});
