import { startWorker, type RunningWorker, type WorkerParts } from '../../src/worker.ts';
import { silent, type TestApi } from './api.ts';
import type { TestTemporal } from './temporal-server.ts';

/** A worker on the API's Postgres and storage. */
export const startTestWorker = (
  api: Pick<TestApi, 'databaseUrl' | 'storageSettings'>,
  temporal: Pick<TestTemporal, 'connect'>,
  own: Partial<WorkerParts> = {},
): Promise<RunningWorker> =>
  startWorker({
    databaseUrl: api.databaseUrl,
    databasePoolMax: 10,
    attemptTimeoutMinutes: 120,
    ai: null,
    webhooksAllowLocalhost: false,
    temporal: temporal.connect,
    storage: api.storageSettings,
    log: silent,
    ...own,
  });
