import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { v7 as newId } from 'uuid';
import { aiRenderer } from '../../../activities/rendering/ai/ai-renderer.ts';
import { illustratedRenderer } from '../../../activities/rendering/illustrated/illustrated-renderer.ts';
import type { Renderer } from '../../../activities/rendering/renderer.ts';
import { quietEnvironment } from '../../support/activities.ts';
import { startTestApi, testDrawerKey, type TestApi } from '../../support/api.ts';
import { externalDrawShot } from '../../support/drawer.ts';
import { plainPicture } from '../../support/plain-renderer.ts';
import { beginAt, itKeepsToTheContract, type DrawPerson } from '../../support/renderer-conformance.ts';

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
    before(async () => {
      api = await startTestApi({ drawerKeys: [testDrawerKey] });
    });
    after(() => api.close());

    itKeepsToTheContract({
      ...{ name: 'studio', isDeterministic: true, digitalSourceType: null },
      begin(identity) {
        const drawShot = externalDrawShot({
          ...{ url: api.url, key: testDrawerKey },
          paint: ({ seed, shot }) => plainPicture(colorOf(seed + shot)),
        });
        return beginAt(api, identity, async (drawing, signal) => {
          const environment = quietEnvironment();
          const stop = () => {
            environment.cancel('CANCELLED');
          };
          if (signal.aborted) stop();
          signal.addEventListener('abort', stop);
          const drawn = await environment.run(drawShot, drawing);
          return drawn as Awaited<ReturnType<typeof drawShot>>;
        });
      },
    });
  });
});
