import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { v7 as newId } from 'uuid';
import type { Activities } from '../../../activities/index.ts';
import { aiRenderer } from '../../../activities/rendering/ai/ai-renderer.ts';
import { illustratedRenderer } from '../../../activities/rendering/illustrated/illustrated-renderer.ts';
import type { Renderer } from '../../../activities/rendering/renderer.ts';
import { drawingKey } from '../../../src/storage/storage.ts';
import { activitiesWith, attemptOf, beginDrawing, quietEnvironment } from '../../support/activities.ts';
import { silent, startTestApi, testDrawerKey, type TestApi } from '../../support/api.ts';
import { externalDrawShot } from '../../support/drawer.ts';
import { acceptJob } from '../../support/jobs.ts';
import { plainPicture } from '../../support/plain-renderer.ts';
import { itKeepsToTheContract, type DrawPerson } from '../../support/renderer-conformance.ts';

/** A colour that a text always gives, and hardly another one. */
const colorOf = (text: string): string => `#${createHash('sha256').update(text).digest('hex').slice(0, 6)}`;

const ofWorkers =
  (renderer: Renderer) =>
  (identity: Parameters<Renderer['render']>[0]['identity']): Promise<DrawPerson> => {
    const seed = newId();
    return Promise.resolve(async (shot, signal) => {
      const { bytes, provenance } = await renderer.render({ identity, shot, seed, references: [] }, signal);
      return { bytes, provenance: { ...provenance } };
    });
  };

describe('a renderer', () => {
  describe('illustrated', () => {
    itKeepsToTheContract({
      ...{ name: 'illustrated', isDeterministic: true, digitalSourceType: 'algorithmicMedia' },
      begin: ofWorkers(illustratedRenderer),
    });
  });

  describe('ai', () => {
    const model = {
      name: 'tests/model',
      maxReferences: 3,
      generate: ({ prompt }: { prompt: string }) =>
        sharp({ create: { width: 1024, height: 1024, channels: 3, background: colorOf(prompt) } })
          .png()
          .toBuffer(),
    };
    itKeepsToTheContract({
      ...{ name: 'ai', isDeterministic: false, digitalSourceType: 'trainedAlgorithmicMedia' },
      begin: ofWorkers(aiRenderer(model)),
    });
  });

  describe('that is a program of its own', () => {
    let api: TestApi;
    let run: Activities;
    before(async () => {
      api = await startTestApi({ drawerKeys: [testDrawerKey] });
      run = activitiesWith({
        ...{ database: api.database, storage: api.storage, renderers: {}, newId, log: silent },
        paidImages: { perJob: 0, perDay: 0 },
      });
    });
    after(() => api.close());

    itKeepsToTheContract({
      ...{ name: 'studio', isDeterministic: true, digitalSourceType: null },
      async begin(identity) {
        const job = await acceptJob(api.database, { renderer: 'studio', identity });
        await beginDrawing(run, job);
        const { organizationId, jobId, attempt } = job;
        const drawShot = externalDrawShot({
          ...{ url: api.url, key: testDrawerKey },
          paint: ({ seed, shot }) => plainPicture(colorOf(seed + shot)),
        });
        return async (shot, signal) => {
          const environment = quietEnvironment();
          const stop = () => {
            environment.cancel('CANCELLED');
          };
          if (signal.aborted) stop();
          signal.addEventListener('abort', stop);
          const drawn = await environment.run(drawShot, { ...attemptOf(job), shot });
          const { sha256, provenance } = drawn as Awaited<ReturnType<typeof drawShot>>;
          return {
            bytes: await api.storage.get(drawingKey({ organizationId, jobId, attempt, shot, sha256 })),
            provenance,
          };
        };
      },
    });
  });
});
