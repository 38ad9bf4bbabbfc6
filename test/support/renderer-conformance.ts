// What every renderer keeps to, whatever it is written in: one suite for all of them.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { v7 as newId } from 'uuid';
import type { Identity } from '../../src/domain/influencer.ts';
import type { JobAttempt } from '../../src/domain/job.ts';
import { imageSize, shots, type RendererName, type Shot } from '../../src/domain/shots.ts';
import { drawingKey } from '../../src/storage/storage.ts';
import { activitiesWith, attemptOf, beginDrawing } from './activities.ts';
import { silent, type TestApi } from './api.ts';
import { acceptJob } from './jobs.ts';

interface DrawnShot {
  bytes: Uint8Array;
  provenance: Readonly<Record<string, unknown>>;
}

/** Draws a shot of one person; the signal stops it. */
export type DrawPerson = (shot: Shot, signal: AbortSignal) => Promise<DrawnShot>;

export interface TestedRenderer {
  name: RendererName;
  /** Whether equal descriptions give equal bytes. */
  isDeterministic: boolean;
  /** What its files say of their origin, of https://cv.iptc.org/newscodes/digitalsourcetype/; null where they say nothing. */
  digitalSourceType: string | null;
  /** Gives a new person, with a seed of its own. */
  begin: (identity: Identity) => Promise<DrawPerson>;
  /** Waits until what was asked for last is being drawn; without it, it is as soon as it was asked for. */
  untilItDraws?: () => Promise<void>;
}

/** Asks a program of its own for a drawing, and gives its answer. */
type AskProgram = (
  drawing: JobAttempt & { shot: Shot },
  signal: AbortSignal,
) => Promise<{ sha256: string; provenance: object }>;

/** Gives a new person, as a job of the API's, whose shots a program draws that puts them there. */
export async function beginAt(api: TestApi, identity: Identity, ask: AskProgram): Promise<DrawPerson> {
  const { database, storage } = api;
  const paidImages = { perJob: 0, perDay: 0 };
  const run = activitiesWith({ database, storage, renderers: {}, paidImages, newId, log: silent });
  const job = await acceptJob(database, { renderer: 'studio', identity });
  await beginDrawing(run, job);
  const { organizationId, jobId, attempt } = job;
  return async (shot, signal) => {
    const { sha256, provenance } = await ask({ ...attemptOf(job), shot }, signal);
    const bytes = await storage.get(drawingKey({ organizationId, jobId, attempt, shot, sha256 }));
    return { bytes, provenance: { ...provenance } };
  };
}

const person: Identity = {
  gender: 'female',
  ageRange: '25-34',
  ethnicity: 'East Asian',
  hairColor: 'dark brown',
  style: 'streetwear',
  vibe: 'warm, playful',
};

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const patient = (): AbortSignal => new AbortController().signal;

/** Declares the tests of a renderer, inside a `describe` of it. */
export function itKeepsToTheContract(renderer: TestedRenderer): void {
  const { name, isDeterministic, digitalSourceType, begin, untilItDraws } = renderer;

  it('draws every shot of a set as an opaque WebP of 1024 × 1024, no two alike', async () => {
    const draw = await begin(person);
    const seen = new Set<string>();
    for (const shot of shots) {
      const { bytes } = await draw(shot, patient());
      const { format, width, height, hasAlpha, pages, space } = await sharp(bytes).metadata();
      assert.deepEqual([format, width, height], ['webp', imageSize, imageSize], shot);
      assert.deepEqual([hasAlpha, pages, space], [false, undefined, 'srgb'], shot);
      assert.ok(bytes.length <= 20 * 1024 * 1024, `${shot} has ${String(bytes.length)} bytes`);
      await sharp(bytes, { failOn: 'warning' }).stats(); // its pixels are all there
      seen.add(sha256(bytes));
    }
    assert.equal(seen.size, shots.length);
  });

  it('says of each drawing who drew it, in which version and from which seed, in short texts', async () => {
    const { provenance } = await (await begin(person))('portrait', patient());
    assert.equal(provenance['renderer'], name);
    for (const [field, longest] of Object.entries({ version: 100, seed: 100, assets: 1_000 })) {
      const text = provenance[field];
      if (field === 'assets' && text === undefined) continue;
      assert.ok(typeof text === 'string' && text.length > 0 && text.length <= longest, `${field}: ${String(text)}`);
      assert.match(text, /^[^\p{Cc}\p{Cs}]+$/u, field);
    }
  });

  it('says nothing of the person there', async () => {
    const { provenance } = await (await begin(person))('portrait', patient());
    assert.doesNotMatch(JSON.stringify(provenance), /East Asian|dark brown|streetwear|playful/);
  });

  if (digitalSourceType !== null) {
    it('says in the file’s XMP that no camera took it', async () => {
      const { bytes, provenance } = await (await begin(person))('portrait', patient());
      const { xmpAsString = '', exif } = await sharp(bytes).metadata();
      assert.ok(xmpAsString.includes(`http://cv.iptc.org/newscodes/digitalsourcetype/${digitalSourceType}"`));
      assert.ok(xmpAsString.includes(`renderer=${name}; version=${String(provenance['version'])}`), xmpAsString);
      assert.doesNotMatch(xmpAsString, /East Asian|streetwear|\d{4}-\d\d-\d\dT/);
      assert.equal(exif, undefined);
    });
  }

  if (isDeterministic) {
    it('gives equal bytes for equal descriptions', async () => {
      const draw = await begin(person);
      const first = await draw('half_length', patient());
      const second = await draw('half_length', patient());
      assert.equal(sha256(second.bytes), sha256(first.bytes));
      assert.deepEqual(second.provenance, first.provenance);
    });
  }

  it('draws whoever is described: nothing of a person is needed, and any words will do', async () => {
    for (const identity of [{}, { hairColor: '</svg>"\\', style: '無', vibe: '🦊'.repeat(20), ageRange: 'ageless' }]) {
      const { bytes } = await (await begin(identity))('portrait', patient());
      assert.equal((await sharp(bytes).metadata()).width, imageSize);
    }
  });

  it('stops within two seconds, and gives nothing once it is stopped', async () => {
    const draw = await begin(person);
    await assert.rejects(draw('portrait', AbortSignal.abort(new Error('no longer wanted'))));
    const controller = new AbortController();
    const drawing = draw('portrait', controller.signal);
    if (untilItDraws !== undefined) await Promise.race([drawing, untilItDraws()]);
    const stoppedAt = performance.now();
    controller.abort(new Error('no longer wanted'));
    await assert.rejects(drawing);
    assert.ok(performance.now() - stoppedAt < 2_000);
  });
}
