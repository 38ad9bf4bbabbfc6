import assert from 'node:assert/strict';
import { setTier } from '../../src/db/organizations.ts';
import type { RunningWorker } from '../../src/worker.ts';
import { createTenant, startTestApi, type TestApi } from '../support/api.ts';
import { cloneTimes, countCompleted, createReady, untilCompleted } from '../support/flows.ts';
import { plainRenderer } from '../support/plain-renderer.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { startTestWorker } from '../support/worker.ts';

describe('two organizations that share the workers', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let worker: RunningWorker;

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: temporal.connect });
    worker = await startTestWorker(api, temporal, { renderers: { illustrated: plainRenderer() } });
  });
  after(async () => {
    await worker.close();
    await api.close();
    await temporal.close();
  });

  it('the one clones a thousand times: a clone of the other is there before a tenth of them', async function () {
    this.timeout(120_000);
    const [large, small] = await Promise.all(
      [1, 2].map(async () => {
        const { organizationId, projectId, key } = await createTenant(api.database);
        await setTier(api.database, organizationId, 'internal'); // all may run at once: nothing but Temporal shares them out
        const caller = { url: api.url, key };
        return { caller, sourceId: await createReady(caller, projectId) };
      }),
    );
    assert.ok(large && small);
    const thousand: string[] = [];
    while (thousand.length < 1_000) thousand.push(...(await cloneTimes(large.caller, large.sourceId, 100)));
    await untilCompleted(api.database, await cloneTimes(small.caller, small.sourceId, 1));
    const done = await countCompleted(api.database, thousand);
    assert.ok(done < 100, `${String(done)} of the thousand were`);
  });
});
