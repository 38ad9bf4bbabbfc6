// All is lost, and comes back from a backup: into another Postgres, another storage, and a Temporal that knows nothing.

import assert from 'node:assert/strict';
import { readFile, rm, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RunningWorker } from '../../src/worker.ts';
import { call, createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { createInfluencer, type Created } from '../support/builders.ts';
import { spawnDoppel } from '../support/doppel-process.ts';
import { until } from '../support/eventually.ts';
import { gate } from '../support/gate.ts';
import { plainRenderer, type BeforeDrawing } from '../support/plain-renderer.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';
import { startTestWorker } from '../support/worker.ts';

describe('a backup', () => {
  let temporal: TestTemporal;
  let databases: TestDatabase[];
  let folders: string[];
  let tenant: Tenant;
  let folder: string;
  let draw: BeforeDrawing;

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
  });
  after(() => temporal.close());
  beforeEach(async () => {
    [databases, folders, draw] = [[], [], () => undefined];
    folder = await newFolder();
  });
  afterEach(async () => {
    for (const database of databases) await database.drop();
    for (const one of folders) await removeTemporaryFolder(one);
  });

  const newFolder = async (): Promise<string> => {
    const made = await makeTemporaryFolder();
    folders.push(made);
    return made;
  };

  /** Where a service keeps what must not be lost. */
  interface Place {
    database: TestDatabase;
    dataDir: string;
  }
  const newPlace = async ({ isMigrated = true } = {}): Promise<Place> => {
    const database = await createTestDatabase({ isMigrated });
    databases.push(database);
    return { database, dataDir: await newFolder() };
  };
  const doppel = async ({ database, dataDir }: Place, ...command: string[]) => {
    const env = { DATABASE_URL: database.url, DOPPEL_DATA_DIR: dataDir };
    const running = spawnDoppel(command, { cwd: dataDir, env });
    const code = await running.exited;
    return { code, output: running.output() };
  };
  const serve = async ({ database, dataDir }: Place): Promise<{ api: TestApi; worker: RunningWorker }> => {
    const storage = { kind: 'files' as const, folder: path.join(dataDir, 'storage') };
    const api = await startTestApi({ on: database, storage, temporal: temporal.connect });
    const renderers = { illustrated: plainRenderer((shot, signal) => draw(shot, signal)) };
    return { api, worker: await startTestWorker(api, temporal, { renderers }) };
  };
  const read = (api: TestApi, path: string) => call(`${api.url}${path}`, { key: tenant.key });
  const untilIs = (api: TestApi, { jobId }: Created, status: string) =>
    until(`${jobId} is ${status}`, async () => (await read(api, `/v1/jobs/${jobId}`)).body.status === status, {
      withinMs: 30_000,
    });

  it('brings back every influencer with its images, and every running job ends', async () => {
    const [first, second] = [await newPlace(), await newPlace({ isMigrated: false })];
    const { api, worker } = await serve(first);
    tenant = await createTenant(first.database.database);
    const completed = await createInfluencer(api, tenant, { name: 'Ava Chen' });
    await untilIs(api, completed, 'completed');
    const never = gate();
    let drawn = 0;
    draw = () => (++drawn > 2 ? never.opened : undefined);
    const running = await createInfluencer(api, tenant, { name: 'Noor' });
    await until('it has two images', async () => {
      const { body } = await read(api, `/v1/jobs/${running.jobId}`);
      return body.images.rendered === 2;
    });
    const told = (await read(api, `/v1/influencers/${completed.influencerId}`)).body;

    const backup = await doppel(first, 'backup', folder);
    assert.equal(backup.code, 0, backup.output);
    assert.match(backup.output, /\d+ rows of .*, 16 new objects/);
    never.open();
    await worker.close();
    await api.close();
    await temporal.wipe();
    await first.database.database.raw('truncate organizations cascade');
    await rm(path.join(first.dataDir, 'storage'), { recursive: true });

    draw = () => undefined;
    const restored = await doppel(second, 'restore', folder);
    assert.equal(restored.code, 0, restored.output);
    const again = await serve(second);
    try {
      const { body } = await read(again.api, `/v1/influencers/${completed.influencerId}`);
      const withoutUrls = (record: { referenceImages: { assetId: string }[] }) => ({
        ...record,
        thumbnailUrl: null,
        referenceImages: record.referenceImages.map(({ assetId }) => assetId),
      });
      assert.deepEqual(withoutUrls(body), withoutUrls(told));
      for (const { url, thumbnailUrl } of body.referenceImages) {
        for (const one of [url, thumbnailUrl]) assert.equal((await fetch(one)).status, 200);
      }
      await untilIs(again.api, running, 'completed');
      const { body: job } = await read(again.api, `/v1/jobs/${running.jobId}`);
      assert.equal(job.attempt, 1);
      assert.equal(job.result.referenceImages.length, 6);
    } finally {
      await again.worker.close();
      await again.api.close();
    }
  });

  it('copies only what it lacks the second time, and says what is missing', async () => {
    const place = await newPlace();
    const { api, worker } = await serve(place);
    tenant = await createTenant(place.database.database);
    await untilIs(api, await createInfluencer(api, tenant), 'completed');
    await worker.close();
    assert.match((await doppel(place, 'backup', folder)).output, /12 new objects/);
    assert.match((await doppel(place, 'backup', folder)).output, / 0 new objects/);
    const rows = await readFile(path.join(folder, 'database/assets.jsonl'), 'utf8');
    const { storage_key: key } = JSON.parse(rows.split('\n')[0] ?? '') as { storage_key: string };
    for (const of of [path.join(place.dataDir, 'storage'), path.join(folder, 'objects')])
      await unlink(path.join(of, key));
    const { code, output } = await doppel(place, 'backup', folder);
    assert.deepEqual([code, /1 objects are missing/.test(output)], [1, true]);
    await api.close();
  });

  it('goes into no database that has something, and not from a newer release, and only as a whole', async () => {
    const place = await newPlace();
    tenant = await createTenant(place.database.database);
    const restore = () => doppel(place, 'restore', folder);
    assert.match((await restore()).output, /no backup that came to its end/);
    assert.equal((await doppel(place, 'backup', folder)).code, 0);
    assert.match((await restore()).output, /The database is not empty/);
    const empty = await newPlace({ isMigrated: false });
    const file = path.join(folder, 'database/manifest.json');
    const manifest = JSON.parse(await readFile(file, 'utf8')) as { migrations: string[] };
    await writeFile(file, JSON.stringify({ ...manifest, migrations: [...manifest.migrations, '999-later'] }));
    assert.match((await doppel(empty, 'restore', folder)).output, /newer release .* 999-later/);
    await writeFile(file, JSON.stringify(manifest));
    // A row that refers to what is not there.
    await writeFile(path.join(folder, 'database/organizations.jsonl'), '');
    assert.notEqual((await doppel(empty, 'restore', folder)).code, 0);
    const [{ count } = { count: -1 }] = await empty.database.database('projects').count<{ count: string }[]>();
    assert.equal(Number(count), 0);
  });
});
