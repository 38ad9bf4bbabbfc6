// One process of Doppel as the harness runs it: `api` or `worker`, with a renderer that takes no time.
import './failpoints.ts'; // first: it stands in the drivers
import { v7 as newId } from 'uuid';
import { openLog } from '../../src/commands/open-log.ts';
import { runUntilStopped } from '../../src/commands/run-until-stopped.ts';
import { StartError } from '../../src/start-error.ts';
import type { StorageSettings } from '../../src/storage/open-storage.ts';

/** What a measure wants otherwise than usual. */
export interface OwnSettings {
  /** The API's limits. */
  queuedJobsMax?: number;
  watchersMax?: number;
  /** How long a worker draws. */
  drawingMs?: number;
}

export type Role = 'api' | 'worker';

export interface MemberSettings extends OwnSettings {
  role: Role;
  databaseUrl: string;
  temporalAddress: string;
  storage: StorageSettings;
  workflowBundle: { codePath: string };
  /** The API's. */
  port: number;
  /** Which version of the workers it is, where there are some. */
  workerBuildId?: string | undefined;
  /** Whether a worker starts workflows over its own connection. */
  startsEagerly: boolean;
}

/** What one says of itself. One that cannot start, since Postgres is away, ends, and is started again. */
export type Word = 'ready' | 'could not start';

const say = (word: Word): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(word, () => {
      resolve();
    });
  });

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

// Each loads what is its own: it starts in half the time.
await runUntilStopped(async (opened) => {
  if (settings.role === 'worker') {
    const { installTemporalRuntime } = await import('../../src/temporal-runtime.ts');
    const { startWorker } = await import('../../src/worker.ts');
    const { faultyRenderer } = await import('./faulty-renderer.ts');
    opened.add(installTemporalRuntime(log));
    const worker = await startWorker({
      ...shared,
      attemptTimeoutMinutes: 30,
      ai: null,
      workflowBundle: settings.workflowBundle,
      workerBuildId: settings.workerBuildId ?? null,
      reconcileEveryMs: 2_000,
      renderers: { illustrated: faultyRenderer(settings.drawingMs) },
      ...(settings.startsEagerly && { eagerStarts: { client: null } }),
    });
    opened.add(worker.close);
  } else {
    const { createStartingApp } = await import('../../src/http/frame.ts');
    const { openServer } = await import('../../src/http/server.ts');
    const { startApi } = await import('../../src/api.ts');
    const server = await openServer(
      { host: '127.0.0.1', port: settings.port },
      createStartingApp({ newId, log }).callback(),
    );
    opened.add(server.close);
    const api = await startApi({
      ...shared,
      server,
      publicUrl: server.url,
      signingKeys: [{ id: 'faults', secret: 'a secret of the faults, long enough' }],
      renderer: 'illustrated',
      queuedJobsMax: settings.queuedJobsMax ?? 1_000_000,
      watchersMax: settings.watchersMax ?? 10_000,
      proxyHops: 1,
      corsOrigins: [],
    });
    opened.add(api.close);
  }
  await say('ready');
  return {};
}).catch(async (error: unknown) => {
  if (error instanceof StartError) await say('could not start');
  throw error;
});
