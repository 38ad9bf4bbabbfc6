// The studio as it is installed in the data folder that `DOPPEL_DATA_DIR` names, of which nothing is changed. A part of
// `npm run test:studio`, and not of `npm test`: it draws two dozen pictures with Blender.

import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import sharp from 'sharp';
import { v7 as newId } from 'uuid';
import { DoppelClient } from '../../src/client/index.ts';
import { readConfig } from '../../src/config.ts';
import { readDemo } from '../../src/demo-file.ts';
import { shots } from '../../src/domain/shots.ts';
import { startStudioWorker } from '../../src/embedded/studio-worker.ts';
import { findStudio, ownProgram, partsOf, studioFolderOf } from '../../src/studio/installed-studio.ts';
import { silent, startTestApi, testDrawerKey, type TestApi } from '../support/api.ts';
import { spawnDoppel } from '../support/doppel-process.ts';
import { until } from '../support/eventually.ts';
import { beginAt, itKeepsToTheContract } from '../support/renderer-conformance.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';
import type { drawOne } from './draw-one.workflow.ts';

const taskQueue = 'drawings';
const workflowsPath = fileURLToPath(new URL('./draw-one.workflow.ts', import.meta.url));

describe('the installed studio', function () {
  this.timeout(temporalTimeoutMs);
  let dataDir: string;

  before(async () => {
    dataDir = await makeTemporaryFolder();
    const installedIn = path.resolve(readConfig(process.env).dataDir);
    if ((await findStudio(installedIn, ownProgram())) === null) {
      throw new Error(`${installedIn} has no studio of this release: "npm run studio:install" installs it there.`);
    }
    await mkdir(studioFolderOf(dataDir));
    for (const { folder } of Object.values(await partsOf(installedIn, ownProgram()))) {
      await symlink(folder, path.join(studioFolderOf(dataDir), path.basename(folder)));
    }
  });
  after(() => removeTemporaryFolder(dataDir));

  describe('as a renderer', () => {
    let api: TestApi;
    let temporal: TestTemporal;
    let last: WorkflowHandle<typeof drawOne>;
    const opened: (() => Promise<void>)[] = [];

    before(async () => {
      api = await startTestApi({ drawerKeys: [testDrawerKey] });
      opened.push(() => api.close());
      temporal = await startTestTemporal();
      opened.push(() => temporal.close());
      const worker = await Worker.create({ connection: await temporal.native(), taskQueue, workflowsPath });
      const working = worker.run();
      working.catch(() => undefined); // whoever closes it is told
      opened.push(async () => {
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await working;
      });
      const studio = await findStudio(dataDir, ownProgram());
      assert.ok(studio !== null);
      const { connect } = temporal;
      const { stop } = await startStudioWorker({
        ...{ studio, dataDir, quality: 'draft', apiUrl: api.url, drawerKeys: [testDrawerKey], temporal: connect },
        temporalEnv: {
          TEMPORAL_ADDRESS: connect.connectionOptions.address ?? '',
          TEMPORAL_NAMESPACE: connect.namespace ?? '',
        },
        env: process.env,
        log: silent,
      });
      opened.push(stop);
    });
    after(async () => {
      for (const close of opened.reverse()) await close();
    });

    itKeepsToTheContract({
      ...{ name: 'studio', isDeterministic: false, digitalSourceType: 'algorithmicMedia' },
      begin: (identity) =>
        beginAt(api, identity, async (drawing, signal) => {
          const args: Parameters<typeof drawOne> = [drawing];
          const handle = await temporal.client.workflow.start<typeof drawOne>('drawOne', {
            ...{ taskQueue, args, workflowId: newId() },
          });
          last = handle;
          const canceled = new Promise((resolve, reject) => {
            const stop = () => {
              handle.cancel().then(resolve, reject);
            };
            if (signal.aborted) stop();
            signal.addEventListener('abort', stop);
          });
          const result = handle.result();
          await Promise.race([result, canceled]);
          return result;
        }),
      async untilItDraws() {
        await until(
          'it takes samples',
          async () => {
            const { pendingActivities } = (await last.describe()).raw;
            const beat = pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0];
            return !!beat && defaultPayloadConverter.fromPayload<{ samples: number }>(beat).samples > 0;
          },
          { withinMs: 120_000 },
        );
      },
    });
  });

  it('draws the influencer of a first start through its API, each shot once', async () => {
    const env = { DOPPEL_DATA_DIR: dataDir, PORT: '0', STUDIO_QUALITY: 'draft' };
    const doppel = spawnDoppel(['start'], { cwd: dataDir, env });
    try {
      await doppel.says(/Renderer +studio\n/, 180_000);
      const demo = await readDemo(dataDir);
      assert.ok(demo !== null);
      const client = new DoppelClient({ baseUrl: demo.apiUrl, apiKey: demo.apiKey });
      const drawn = async () => (await client.influencers.get(demo.influencerId)).status === 'ready';
      await until('her images are there', drawn, { withinMs: 180_000 });
      const { referenceImages } = await client.influencers.get(demo.influencerId);
      assert.deepEqual(referenceImages.map(({ shot }) => shot).sort(), [...shots].sort());
      for (const { url } of referenceImages) {
        const { xmpAsString = '' } = await sharp(await (await fetch(url)).arrayBuffer()).metadata();
        assert.match(xmpAsString, /renderer=studio/);
      }
    } finally {
      doppel.kill('SIGTERM');
      assert.equal(await doppel.exited, 0, doppel.output());
    }
  });
});
