// The life of an influencer as a program sees it, and the program that the README shows.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { DoppelClient, DoppelError, type Job } from '../../src/client/index.ts';
import type { RunningWorker } from '../../src/worker.ts';
import { createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { person } from '../support/flows.ts';
import { plainRenderer } from '../support/plain-renderer.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';
import { startTestWorker } from '../support/worker.ts';

describe('a program', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let worker: RunningWorker;
  let tenant: Tenant;
  let client: DoppelClient;

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: temporal.connect });
    worker = await startTestWorker(api, temporal, { renderers: { illustrated: plainRenderer() } });
    tenant = await createTenant(api.database);
    client = new DoppelClient({ baseUrl: api.url, apiKey: tenant.key });
  });
  after(async () => {
    await worker.close();
    await api.close();
    await temporal.close();
  });

  it('creates, waits, clones, waits, lists, changes what it has read, and deletes', async () => {
    const signal = AbortSignal.timeout(30_000);
    const states: Job[] = [];
    const created = await client.influencers.create(tenant.projectId, person);
    const creation = await client.jobs.wait(created, { signal, onChange: (job) => states.push(job) });
    assert.equal(creation.status, 'completed');
    assert.equal(creation.result?.referenceImages.length, 6);
    assert.deepEqual(states.at(-1), creation);

    const accepted = await client.influencers.clone(created.influencerId, { name: 'Eva', overrides: { vibe: 'dry' } });
    assert.equal((await client.jobs.wait(accepted.jobId, { signal })).status, 'completed');
    const clone = await client.influencers.get(accepted.influencerId);
    assert.deepEqual([clone.status, clone.vibe, clone.hairColor], ['ready', 'dry', person.hairColor]);

    const names: string[] = [];
    for await (const { name } of client.influencers.list(tenant.projectId, { clonedFrom: created.influencerId })) {
      names.push(name);
    }
    assert.deepEqual(names, ['Eva']);

    const changed = await client.influencers.update(clone.influencerId, { vibe: 'drier' }, { ifMatch: clone.etag });
    const late = client.influencers.delete(clone.influencerId, { ifMatch: clone.etag });
    await assert.rejects(
      late,
      (error: unknown) => error instanceof DoppelError && error.code === 'PRECONDITION_FAILED',
    );
    await client.influencers.delete(clone.influencerId, { ifMatch: changed.etag });
    const gone = client.influencers.get(clone.influencerId);
    await assert.rejects(gone, (error: unknown) => error instanceof DoppelError && error.code === 'NOT_FOUND');
  });

  it('runs as the README shows it', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const [, snippet = assert.fail('the README has no program')] =
      /```js\n(import [^`]*?doppel\/client(?:(?!```)[^])*)```/.exec(readme) ?? [];
    const { influencerId, ...created } = await client.influencers.create(tenant.projectId, person);
    await client.jobs.wait(created);
    const folder = await makeTemporaryFolder();
    try {
      await mkdir(path.join(folder, '.doppel'));
      const demo = { apiUrl: api.url, apiKey: tenant.key, influencerId };
      await writeFile(path.join(folder, '.doppel', 'demo.json'), JSON.stringify(demo));
      const source = new URL('../../src/client/index.ts', import.meta.url).href;
      await writeFile(path.join(folder, 'clone.mjs'), snippet.replace('doppel/client', source));
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', import.meta.resolve('tsx/esm'), 'clone.mjs'],
        { cwd: folder },
      );
      assert.match(stdout, /^6 of 6 images$/m);
      assert.match(stdout, /^completed \[\n( +'http:\S+',?\n){6}\]\n$/m);
    } finally {
      await removeTemporaryFolder(folder);
    }
  });
});
