// Doppel in one process, as `npm start` runs it, or its worker alone (`PARTS=worker`), with a renderer that takes no time: its pictures are
// there before.
import pino from 'pino';
import sharp from 'sharp';
import { v7 as newId } from 'uuid';
import { startApi } from '../../dist/src/api.js';
import { createStartingApp } from '../../dist/src/http/frame.js';
import { openServer } from '../../dist/src/http/server.js';
import { thumbnailOf } from '../../dist/src/pictures/thumbnail.js';
import { installTemporalRuntime } from '../../dist/src/temporal-runtime.js';
import { startWorker } from '../../dist/src/worker.js';
import { serve } from './serve.mjs';

const log = pino({ level: 'info' });
const endRuntime = installTemporalRuntime(log);
const { DATABASE_URL: databaseUrl, PORT, TEMPORAL_ADDRESS: address, DOPPEL_DATA_DIR: folder, PARTS } = process.env;

const bytes = await sharp({ create: { width: 1024, height: 1024, channels: 3, background: '#336699' } })
  .webp({ effort: 0 })
  .toBuffer();
const picture = { bytes, thumbnail: await thumbnailOf(bytes), mimeType: 'image/webp', width: 1024, height: 1024 };
const instant = {
  ...{ name: 'illustrated', version: 'instant', maxReferences: 0 },
  render: ({ seed }) =>
    Promise.resolve({ ...picture, provenance: { renderer: 'illustrated', version: 'instant', seed } }),
};

const shared = {
  ...{ databaseUrl, databasePoolMax: 10, log },
  temporal: { connectionOptions: { address }, namespace: 'default' },
  storage: { kind: 'files', folder },
  webhooksAllowLocalhost: false,
  eagerStarts: { client: null },
};
const startInstantWorker = () =>
  startWorker({ ...shared, ...{ attemptTimeoutMinutes: 30, ai: null, renderers: { illustrated: instant } } });

if (PARTS === 'worker') {
  const worker = await startInstantWorker();
  serve(200, () => Promise.resolve({}));
  process.once('SIGTERM', async () => {
    await worker.close();
    await endRuntime();
    process.exit();
  });
} else {
  const starting = createStartingApp({ newId, log });
  const server = await openServer({ host: '127.0.0.1', port: Number(PORT) }, starting.callback());
  const worker = await startInstantWorker();
  const api = await startApi({
    ...{ ...shared, server, publicUrl: server.url, renderer: 'illustrated' },
    signingKeys: [{ id: 'bench', secret: 'a secret of the benchmark, long enough' }],
    ...{ queuedJobsMax: 10_000_000, watchersMax: 10_000, proxyHops: 0, corsOrigins: [] },
  });
  process.once('SIGTERM', async () => {
    await api.close();
    await worker.close();
    await server.close();
    await endRuntime();
  });
}
