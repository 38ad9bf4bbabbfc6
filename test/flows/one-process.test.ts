import type { RunningWorker } from '../../src/worker.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { startTestWorker } from '../support/worker.ts';
import { flowsOf } from './any-deployment.ts';

describe('influencers, with API and worker in one process', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let worker: RunningWorker;

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: temporal.connect });
    worker = await startTestWorker(api, temporal);
  });
  after(async () => {
    await worker.close();
    await api.close();
    await temporal.close();
  });

  flowsOf(() => api);
});
