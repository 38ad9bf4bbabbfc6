import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { DoppelClient, type Job, type JobEvent } from '../../src/client/index.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import { storageFolderOf } from '../../src/storage/open-storage.ts';
import { call, createTenant, type Tenant } from '../support/api.ts';
import { startCountingProxy, type CountingProxy } from '../support/counting-proxy.ts';
import { spawnDoppel, type DoppelProcess } from '../support/doppel-process.ts';
import { assertGapless } from '../support/event-stream.ts';
import { until } from '../support/eventually.ts';
import { assertWhole, person } from '../support/flows.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

const [waiterCount, streamCount, pollerCount] = [500, 500, 100];

describe('one job, watched by a thousand at once', () => {
  let folder: string;
  let test: TestDatabase;
  let temporal: TestTemporal;
  let proxy: CountingProxy;
  let tenant: Tenant;
  const running: DoppelProcess[] = [];

  before(async function () {
    this.timeout(temporalTimeoutMs);
    folder = await makeTemporaryFolder();
    test = await createTestDatabase();
    temporal = await startTestTemporal();
    proxy = await startCountingProxy(temporal.connect.connectionOptions.address ?? '');
    tenant = await createTenant(test.database, { environment: 'test' });
  });
  after(async () => {
    for (const one of running) one.kill('SIGKILL');
    await Promise.all(running.map(({ exited }) => exited));
    proxy.close();
    await temporal.close();
    await test.drop();
    await removeTemporaryFolder(folder);
  });

  const spawn = (command: 'api' | 'worker', env: Record<string, string>) => {
    const started = spawnDoppel([command], {
      cwd: folder,
      env: {
        ...{ PORT: '0', WORKER_PORT: '0', DOPPEL_DATA_DIR: folder, DATABASE_URL: test.url },
        ...{ SIGNING_KEYS: 'test:a-secret-of-the-tests-that-is-long-enough', ...env },
      },
    });
    running.push(started);
    return started;
  };
  const startWorker = () => spawn('worker', { TEMPORAL_ADDRESS: temporal.connect.connectionOptions.address ?? '' });
  const startApiProcess = async (port = '0'): Promise<[process: DoppelProcess, url: string]> => {
    const started = spawn('api', { PORT: port, TEMPORAL_ADDRESS: proxy.address });
    const [, url = ''] = await started.says(/"url":"(http:[^"]+)"/);
    return [started, url];
  };
  const kill = async (one: DoppelProcess) => {
    one.kill('SIGKILL');
    assert.equal(await one.exited, 'SIGKILL');
  };

  it('is seen by all in the same order, without gap, repeat or return, while API and worker are killed', async function () {
    this.timeout(240_000);
    const [firstApi, url] = await startApiProcess();
    const { body } = await call(`${url}/v1/projects/${tenant.projectId}/influencers`, {
      key: tenant.key,
      headers: { 'X-Doppel-Simulate': 'delay_ms=3000' }, // it is not over before somebody hears that it moves
      body: person,
    });
    const jobId = String(body.jobId);
    const doppel = new DoppelClient({ baseUrl: url, apiKey: tenant.key, maxRetries: 30, maxWaitMs: 200_000 });

    const streams = Array.from({ length: streamCount }, (): JobEvent[] => []);
    const streaming = streams.map(async (events) => {
      for await (const event of doppel.jobs.events(jobId)) events.push(event);
    });
    const waiters = Array.from({ length: waiterCount }, (): Job[] => []);
    const waiting = waiters.map((seen) => doppel.jobs.wait(jobId, { onChange: (job) => seen.push(job) }));
    const polled = Array.from({ length: pollerCount }, (): Job[] => []);
    const polling = polled.map(async (seen) => {
      for (;;) {
        const job = await doppel.jobs.get(jobId);
        seen.push(job);
        if (job.status !== 'running') return;
        await delay(500);
      }
    });
    const all = Promise.all([...streaming, ...waiting, ...polling]);
    all.catch(() => undefined); // told below
    await until('all streams have begun', () => streams.every(({ length }) => length > 0), { withinMs: 60_000 });

    const firstWorker = startWorker();
    // Its first step: whoever has a thousand answers to read hears of the others late.
    await until('it moves', () => streams.some(({ length }) => length > 1), { withinMs: 60_000, everyMs: 5 });
    await Promise.all([kill(firstWorker), kill(firstApi)]);
    assert.ok(!streams.some((events) => events.at(-1)?.status === 'completed'), 'the job was over before');

    startWorker();
    await startApiProcess(new URL(url).port);
    await all;

    const [first = []] = streams;
    assertGapless(first);
    assert.deepEqual([first.at(-1)?.type, first.length], ['job.completed', first.at(-1)?.seq]);
    for (const events of streams) assert.deepEqual(events, first);
    for (const seen of [...waiters, ...polled]) {
      assert.equal(seen.at(-1)?.status, 'completed');
      for (const [index, { progress }] of seen.entries()) {
        assert.ok(progress <= (seen[index + 1]?.progress ?? 1), 'progress goes back');
      }
    }
    await assertWhole(test.database, [jobId], fileStorage(storageFolderOf(folder)));

    const asks = proxy.callsOf('DescribeWorkflowExecution');
    assert.ok(asks.length > 0, 'Temporal was never asked');
    const busiest = Math.max(...asks.map((from) => asks.filter((at) => at >= from && at < from + 1_000).length));
    assert.ok(busiest <= 4, `Temporal was asked ${String(busiest)} times in a second`);
    const queries = proxy.callsOf('QueryWorkflow');
    assert.ok(queries.length <= asks.length);
  });
});
