import assert from 'node:assert/strict';
import { fileStorage } from '../../src/storage/file-storage.ts';
import { storageFolderOf } from '../../src/storage/open-storage.ts';
import { call, createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { spawnDoppel, type DoppelProcess } from '../support/doppel-process.ts';
import { eventually, until } from '../support/eventually.ts';
import { assertWhole, cloneTimes, createReady, person, untilCompleted, untilInTheMiddle } from '../support/flows.ts';
import type { Caller } from '../support/flows.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

const nowhere = '127.0.0.1:1';
const SIGNING_KEYS = 'test:a-secret-of-the-tests-that-is-long-enough';

describe('API and worker as processes of their own', () => {
  let folder: string;
  let running: DoppelProcess[];

  before(async () => {
    folder = await makeTemporaryFolder();
  });
  after(() => removeTemporaryFolder(folder));
  beforeEach(() => {
    running = [];
  });
  afterEach(async () => {
    for (const one of running) one.kill('SIGKILL');
    await Promise.all(running.map(({ exited }) => exited));
  });

  function spawn(command: 'api' | 'worker', env: Record<string, string>): DoppelProcess {
    const started = spawnDoppel([command], {
      cwd: folder,
      env: { PORT: '0', WORKER_PORT: '0', DOPPEL_DATA_DIR: folder, SIGNING_KEYS, ...env },
    });
    running.push(started);
    return started;
  }

  const urlOf = async (started: DoppelProcess): Promise<string> => {
    const [, url = ''] = await started.says(/"url":"(http:[^"]+)"/);
    return url;
  };

  async function assertStops(started: DoppelProcess): Promise<void> {
    const stoppedAt = performance.now();
    started.kill('SIGTERM');
    assert.equal(await started.exited, 0, started.output());
    assert.equal(started.errors(), '');
    assert.ok(performance.now() - stoppedAt < 10_000);
  }

  async function readinessOf(url: string): Promise<[number, string, string]> {
    const response = await fetch(`${url}/readyz`);
    const { postgres, temporal } = (await response.json()) as { postgres: string; temporal: string };
    return [response.status, postgres, temporal];
  }

  describe('on a Temporal server', () => {
    let temporal: TestTemporal;
    let api: TestApi;
    let tenant: Tenant;
    let caller: Caller;

    before(async function () {
      this.timeout(temporalTimeoutMs);
      temporal = await startTestTemporal();
      api = await startTestApi({ temporal: temporal.connect });
      tenant = await createTenant(api.database);
      caller = { url: api.url, key: tenant.key };
    });
    after(async () => {
      await api.close();
      await temporal.close();
    });

    const startWorkerProcess = () =>
      spawn('worker', {
        DATABASE_URL: api.databaseUrl,
        TEMPORAL_ADDRESS: temporal.connect.connectionOptions.address ?? '',
      });

    it('a worker that is killed in the middle of 50 clones leaves none unfinished, doubled or incomplete', async function () {
      this.timeout(120_000);
      const first = startWorkerProcess();
      const sourceId = await createReady(caller, tenant.projectId);
      const jobIds = await cloneTimes(caller, sourceId, 50);
      await untilInTheMiddle(api.database, jobIds);
      first.kill('SIGKILL');
      assert.equal(await first.exited, 'SIGKILL');

      const second = startWorkerProcess();
      await untilCompleted(api.database, jobIds, 90_000);
      await assertWhole(api.database, jobIds, fileStorage(storageFolderOf(folder)));

      await assertStops(second);
    });

    it('an API that is told to stop answers until whoever leads callers to it may have noticed', async () => {
      const DATABASE_URL = api.databaseUrl;
      const stopping = spawn('api', { DATABASE_URL, TEMPORAL_ADDRESS: nowhere, DRAIN_SECONDS: '5' });
      const url = await urlOf(stopping);
      await until('it is ready', async () => (await readinessOf(url))[0] === 200);
      stopping.kill('SIGTERM');
      await until('it says that it is to get no more', async () => (await readinessOf(url))[0] === 503);
      const { status, headers } = await call(`${url}/v1/projects/${tenant.projectId}`, { key: tenant.key });
      assert.deepEqual([status, headers.get('connection')], [200, 'close']);
      assert.equal(await stopping.exited, 0, stopping.output());
      assert.equal(stopping.errors(), '');
    });

    it('a job says that no worker lives once all were killed, and goes on when one is back', async function () {
      this.timeout(120_000);
      const worker = startWorkerProcess();
      const sourceId = await createReady(caller, tenant.projectId);
      worker.kill('SIGKILL');
      await worker.exited;
      const [jobId = ''] = await cloneTimes(caller, sourceId, 1);
      const read = async () => (await call(`${api.url}/v1/jobs/${jobId}`, { key: tenant.key })).body;
      const { waiting } = await eventually(
        'it says no_worker',
        async () => {
          const job = await read();
          return job.waiting?.reason === 'no_worker' ? job : undefined;
        },
        { withinMs: 30_000 },
      );
      assert.ok(Date.parse(waiting.since) < Date.now());
      startWorkerProcess();
      await untilCompleted(api.database, [jobId], 60_000);
      assert.equal((await read()).waiting, null);
    });

    it('jobs are told while Temporal is away in the middle of them, and complete when it is back', async function () {
      this.timeout(120_000);
      startWorkerProcess();
      const sourceId = await createReady(caller, tenant.projectId);
      const jobIds = await cloneTimes(caller, sourceId, 20);
      await untilInTheMiddle(api.database, jobIds);
      await temporal.kill();
      for (const jobId of jobIds) {
        const { status, body } = await call(`${api.url}/v1/jobs/${jobId}`, { key: tenant.key });
        assert.equal(status, 200);
        assert.ok(body.status === 'completed' || body.waiting !== undefined);
      }
      await temporal.restart();
      await untilCompleted(api.database, jobIds, 90_000);
      await assertWhole(api.database, jobIds, fileStorage(storageFolderOf(folder)));
    });

    it('a worker is ready while it polls', async () => {
      const worker = startWorkerProcess();
      const url = await urlOf(worker);
      await until('it is ready', async () => (await fetch(`${url}/readyz`)).status === 200);
      assert.deepEqual(await readinessOf(url), [200, 'up', 'up']);
      await assertStops(worker);
    });
  });

  describe('without Temporal', () => {
    it('the API accepts, and stops in order', async () => {
      const { database, url: databaseUrl, drop } = await createTestDatabase();
      try {
        const tenant = await createTenant(database);
        const api = spawn('api', { DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: nowhere });
        const url = await urlOf(api);
        for (let index = 0; index < 5; index++) {
          const { status, body } = await call(`${url}/v1/projects/${tenant.projectId}/influencers`, {
            key: tenant.key,
            body: person,
          });
          assert.equal(status, 202);
          assert.equal((await call(`${url}${String(body.locationUrl)}`, { key: tenant.key })).body.status, 'running');
        }
        await assertStops(api);
      } finally {
        await drop();
      }
    });

    it('the worker waits, says that it is not ready, and stops in order', async () => {
      const { url: databaseUrl, drop } = await createTestDatabase();
      try {
        const worker = spawn('worker', { DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: nowhere });
        const url = await urlOf(worker);
        assert.deepEqual(await readinessOf(url), [503, 'up', 'down']);
        await assertStops(worker);
      } finally {
        await drop();
      }
    });
  });

  describe('without Postgres', () => {
    for (const command of ['api', 'worker'] as const) {
      it(`the ${command} says so in a sentence and exits with 1`, async () => {
        const started = spawn(command, {
          DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
          TEMPORAL_ADDRESS: nowhere,
        });
        assert.equal(await started.exited, 1);
        assert.match(started.errors(), /^Postgres cannot be used: .*\n$/);
      });
    }
  });
});
