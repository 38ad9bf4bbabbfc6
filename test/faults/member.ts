// One process of Doppel as the harness runs it: `api` or `worker`, with a renderer that takes no time.
import './failpoints.ts'; // first: it stands in the drivers
import { v7 as newId } from 'uuid';
import { startApi } from '../../src/api.ts';
import { openLog } from '../../src/commands/open-log.ts';
import { runUntilStopped } from '../../src/commands/run-until-stopped.ts';
import { createStartingApp } from '../../src/http/app.ts';
import { openServer } from '../../src/http/server.ts';
import type { StorageSettings } from '../../src/storage/open-storage.ts';
import { installTemporalRuntime } from '../../src/temporal-runtime.ts';
import { startWorker } from '../../src/worker.ts';
import { testSigningKey } from '../support/api.ts';
import { faultyRenderer } from './faulty-renderer.ts';

/** What a measure wants otherwise than usual. */
export interface OwnSettings {
  /** The API's limits. */
  queuedJobsMax?: number;
  watchersMax?: number;
  /** How long a worker draws. */
  drawingMs?: number;
}

export interface MemberSettings extends OwnSettings {
  role: 'api' | 'worker';
  databaseUrl: string;
  temporalAddress: string;
  storage: StorageSettings;
  /** The API's. */
  port: number;
}

const settings = JSON.parse(process.env['MEMBER'] ?? '{}') as MemberSettings;
const log = openLog({ logLevel: 'warn' });
const shared = {
  databaseUrl: settings.databaseUrl,
  databasePoolMax: 10,
  temporal: { connectionOptions: { address: settings.temporalAddress }, namespace: 'default' },
  storage: settings.storage,
  webhooksAllowLocalhost: true,
  log,
};

await runUntilStopped(async (opened) => {
  if (settings.role === 'worker') {
    opened.add(installTemporalRuntime(log));
    const worker = await startWorker({
      ...shared,
      attemptTimeoutMinutes: 30,
      ai: null,
      reconcileEveryMs: 2_000,
      renderers: { illustrated: faultyRenderer(settings.drawingMs) },
    });
    opened.add(worker.close);
  } else {
    const server = await openServer(
      { host: '127.0.0.1', port: settings.port },
      createStartingApp({ newId, log }).callback(),
    );
    opened.add(server.close);
    const api = await startApi({
      ...shared,
      server,
      publicUrl: server.url,
      signingKeys: [testSigningKey],
      renderer: 'illustrated',
      queuedJobsMax: settings.queuedJobsMax ?? 1_000_000,
      watchersMax: settings.watchersMax ?? 10_000,
      proxyHops: 1,
      corsOrigins: [],
    });
    opened.add(api.close);
  }
  process.send?.('ready');
  return {};
});
