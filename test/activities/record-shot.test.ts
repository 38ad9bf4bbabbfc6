import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import sharp from 'sharp';
import type { Drawn } from '../../activities/draw-shot.ts';
import type { Shot } from '../../src/domain/shots.ts';
import { drawingKey, thumbnailKeyOf } from '../../src/storage/storage.ts';
import { activitiesWith, attemptOf, beginDrawing, drawAndRecord, startTestActivities } from '../support/activities.ts';
import type { TestActivities } from '../support/activities.ts';
import { acceptJob, assertEventsGapless, retryJob, storedOf, type TestJob } from '../support/jobs.ts';
import { plainPicture, plainRenderer } from '../support/plain-renderer.ts';

const provenance = { renderer: 'illustrated', version: 'test', seed: 'test' } as const;

describe('activity recordShot', () => {
  let steps: TestActivities;
  before(async () => {
    steps = await startTestActivities();
  });
  after(() => steps.close());

  async function begin(): Promise<TestJob> {
    const job = await acceptJob(steps.database);
    await beginDrawing(steps.run, job);
    return job;
  }

  /** Puts bytes where a drawer would have put them, and says that they have this hash. */
  async function handIn(job: TestJob, shot: Shot, bytes: Uint8Array, sha256?: string): Promise<Drawn> {
    const hash = sha256 ?? createHash('sha256').update(bytes).digest('hex');
    const { organizationId, jobId, attempt } = job;
    await steps.deps.storage.put(drawingKey({ organizationId, jobId, attempt, shot, sha256: hash }), bytes);
    return { sha256: hash, provenance };
  }

  it('makes the drawing the shot’s image, with a thumbnail of 256 px', async () => {
    const { database, deps, run } = steps;
    const job = await begin();
    await drawAndRecord(run, job, 'profile');
    const stored = await storedOf(database, job);

    const [image, ...others] = stored.images;
    assert.deepEqual(others, []);
    assert.deepEqual([image?.role, image?.shot, image?.position], ['rendered', 'profile', 2]);
    const thumbnail = await sharp(await deps.storage.get(thumbnailKeyOf(image?.storageKey ?? ''))).metadata();
    assert.deepEqual([thumbnail.format, thumbnail.width, thumbnail.height], ['webp', 256, 256]);
    const shot = stored.shots.find((row) => row.shot === 'profile');
    assert.deepEqual([shot?.status, shot?.assetId], ['rendered', image?.assetId]);
    const event = stored.events.at(-1);
    assert.deepEqual([event?.shot, event?.assetId], ['profile', image?.assetId]);
    assertEventsGapless(stored);
  });

  it('keeps with the asset how it was drawn, and by which attempt of which job', async () => {
    const { database, run } = steps;
    const job = await begin();
    const drawn = await drawAndRecord(run, job, 'portrait');
    const { images } = await storedOf(database, job);
    const [asset] = await database('assets').where({ id: images[0]?.assetId });
    assert.deepEqual(asset?.provenance, { ...drawn.provenance, jobId: job.jobId, attempt: job.attempt });
  });

  it('changes nothing when it runs again', async () => {
    const { database, run } = steps;
    const job = await begin();
    const drawn = await drawAndRecord(run, job, 'portrait');
    const once = await storedOf(database, job);
    await run.recordShot({ ...attemptOf(job), shot: 'portrait', drawn });
    assert.deepEqual(await storedOf(database, job), once);
  });

  it('records one image when several record the same shot at once', async () => {
    const { database, run } = steps;
    const job = await begin();
    const drawings = await Promise.all(
      ['#111111', '#222222', '#333333'].map(async (color) => handIn(job, 'portrait', await plainPicture(color))),
    );
    await Promise.all(drawings.map((drawn) => run.recordShot({ ...attemptOf(job), shot: 'portrait', drawn })));
    const stored = await storedOf(database, job);
    assert.equal(stored.images.length, 1);
    assert.equal(stored.assets, 1);
    assertEventsGapless(stored);
  });

  it('records all six at once, each at its place, without a gap in the events', async () => {
    const { database, run } = steps;
    const job = await acceptJob(database);
    const shots = await beginDrawing(run, job);
    await Promise.all(shots.map((shot) => drawAndRecord(run, job, shot)));
    const stored = await storedOf(database, job);
    assert.deepEqual(
      stored.images.map(({ shot }) => shot),
      shots,
    );
    assertEventsGapless(stored);
    assert.equal(Math.round(stored.job.progress * 100), 95);
  });

  it('keeps the first drawing: a second one of other bytes changes no row and no stored byte', async () => {
    const { database, deps, run } = steps;
    const job = await begin();
    await drawAndRecord(run, job, 'portrait');
    const first = await storedOf(database, job);
    const bytes = await deps.storage.get(first.images[0]?.storageKey ?? '');

    const others = activitiesWith({ ...deps, renderers: { illustrated: plainRenderer(undefined, '#ff0000') } });
    await drawAndRecord(others, job, 'portrait');
    assert.deepEqual(await storedOf(database, job), first);
    assert.deepEqual(await deps.storage.get(first.images[0]?.storageKey ?? ''), bytes);
  });

  it('records nothing for an attempt that has ended', async () => {
    const { database, run } = steps;
    const job = await begin();
    const drawn = await run.drawShot({ ...attemptOf(job), shot: 'portrait' });
    await run.cancelJob(attemptOf(job));
    const ended = await storedOf(database, job);
    await run.recordShot({ ...attemptOf(job), shot: 'portrait', drawn });
    assert.deepEqual(await storedOf(database, job), ended);
  });

  it('records nothing of an earlier attempt while a later one runs', async () => {
    const { database, run } = steps;
    const job = await begin();
    const drawn = await run.drawShot({ ...attemptOf(job), shot: 'portrait' });
    await run.cancelJob(attemptOf(job));
    await retryJob(database, job);
    const retried = await storedOf(database, job);
    await run.recordShot({ ...attemptOf(job), shot: 'portrait', drawn });
    assert.deepEqual(await storedOf(database, job), retried);
  });

  describe('refuses for good', () => {
    const refusals: [string, () => Promise<Uint8Array>, string?][] = [
      ['what is no picture', () => Promise.resolve(Buffer.from('<html>moved to Ava Chen</html>'))],
      ['no bytes at all', () => Promise.resolve(Buffer.alloc(0))],
      ['a picture that breaks off', async () => (await plainPicture('#123456')).subarray(0, 20)],
      ['a picture of another size', () => plainPicture('#123456', { width: 1024, height: 1023 })],
      [
        'a PNG',
        () =>
          sharp({ create: { width: 1024, height: 1024, channels: 3, background: '#123456' } })
            .png()
            .toBuffer(),
      ],
      ['bytes that are not those of the hash', () => plainPicture('#123456'), 'ab'.repeat(32)],
    ];
    for (const [what, make, sha256] of refusals) {
      it(what, async () => {
        const { database, run } = steps;
        const job = await begin();
        const drawn = await handIn(job, 'portrait', await make(), sha256);
        const begun = await storedOf(database, job);
        await assert.rejects(run.recordShot({ ...attemptOf(job), shot: 'portrait', drawn }), (error) => {
          assert.ok(error instanceof ApplicationFailure);
          assert.deepEqual([error.type, error.nonRetryable], ['RENDER_FAILED', true]);
          assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /Ava/);
          return true;
        });
        assert.deepEqual(await storedOf(database, job), begun);
      });
    }
  });

  it('refuses a picture whose pixels break off, which its header does not tell', async () => {
    const { database, run } = steps;
    const job = await begin();
    const noise = await sharp({
      create: { width: 1024, height: 1024, channels: 3, background: '#fff', noise: { type: 'gaussian', sigma: 60 } },
    })
      .webp({ effort: 0 })
      .toBuffer();
    const drawn = await handIn(job, 'portrait', noise.subarray(0, noise.length / 2));
    await assert.rejects(run.recordShot({ ...attemptOf(job), shot: 'portrait', drawn }), (error) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.deepEqual([error.type, error.nonRetryable], ['RENDER_FAILED', true]);
      return true;
    });
    assert.deepEqual((await storedOf(database, job)).images, []);
  });

  describe('of what a program that is not ours handed in', () => {
    const said = { renderer: 'studio', version: '1.0 on Blender 5.0', seed: 'a seed' };
    const bytes = plainPicture('#123456');

    async function put(): Promise<{ job: TestJob; sha256: string }> {
      const job = await acceptJob(steps.database, { renderer: 'studio' });
      await beginDrawing(steps.run, job);
      const { sha256 } = await handIn(job, 'portrait', await bytes);
      return { job, sha256 };
    }
    const record = (job: TestJob, drawn: unknown) =>
      steps.run.recordShot({ ...attemptOf(job), shot: 'portrait', drawn: drawn as Drawn });
    const storedProvenance = async (job: TestJob) => {
      const { images } = await storedOf(steps.database, job);
      const asset = await steps.database('assets').where({ id: images[0]?.assetId }).first<{ provenance: object }>();
      return asset.provenance;
    };

    it('keeps how it was drawn and with whose things, and nothing that is not asked for', async () => {
      const assets = 'MakeHuman’s skins and hair, CC0 1.0; Anny, Apache-2.0';
      const { job, sha256 } = await put();
      const provenance = { ...said, assets, jobId: 'another', model: 'none', nested: { any: 'thing' } };
      await record(job, { sha256, organizationId: 'another', provenance });
      assert.deepEqual(await storedProvenance(job), { ...said, assets, jobId: job.jobId, attempt: 1 });
    });

    it('takes one that names nobody’s things', async () => {
      const { job, sha256 } = await put();
      await record(job, { sha256, provenance: said });
      assert.deepEqual(await storedProvenance(job), { ...said, jobId: job.jobId, attempt: 1 });
    });

    const refused: Readonly<Record<string, (sha256: string) => unknown>> = {
      'no drawing at all': () => null,
      'no provenance': (sha256) => ({ sha256 }),
      'a provenance that is a text': (sha256) => ({ sha256, provenance: 'studio' }),
      'another renderer’s name': (sha256) => ({ sha256, provenance: { ...said, renderer: 'illustrated' } }),
      'no version': (sha256) => ({ sha256, provenance: { ...said, version: undefined } }),
      'an empty version': (sha256) => ({ sha256, provenance: { ...said, version: '' } }),
      'a version that is a number': (sha256) => ({ sha256, provenance: { ...said, version: 1 } }),
      'a long version': (sha256) => ({ sha256, provenance: { ...said, version: 'x'.repeat(101) } }),
      'a long seed': (sha256) => ({ sha256, provenance: { ...said, seed: 'x'.repeat(101) } }),
      'long words on assets': (sha256) => ({ sha256, provenance: { ...said, assets: 'x'.repeat(1_001) } }),
      'assets that are a list': (sha256) => ({ sha256, provenance: { ...said, assets: ['CC0'] } }),
      'what Postgres cannot keep': (sha256) => ({ sha256, provenance: { ...said, seed: 'a\u0000b' } }),
      'half a letter': (sha256) => ({ sha256, provenance: { ...said, seed: 'a\ud800' } }),
      'a line of a log': (sha256) => ({ sha256, provenance: { ...said, seed: 'a\n{"level":30}' } }),
      'a hash in capitals': (sha256) => ({ sha256: sha256.toUpperCase(), provenance: said }),
      'a hash that is a path': () => ({ sha256: '../../../secret', provenance: said }),
      'the hash of what it never put': () => ({ sha256: 'ab'.repeat(32), provenance: said }),
    };
    for (const [what, handedIn] of Object.entries(refused)) {
      it(`refuses ${what} for good, and stores nothing`, async () => {
        const { job, sha256 } = await put();
        const before = await storedOf(steps.database, job);
        await assert.rejects(record(job, handedIn(sha256)), (error) => {
          assert.ok(error instanceof ApplicationFailure);
          assert.deepEqual([error.type, error.nonRetryable], ['RENDER_FAILED', true], error.message);
          return true;
        });
        assert.deepEqual(await storedOf(steps.database, job), before);
      });
    }
  });

  it('is tried again when the object cannot be read', async () => {
    const { run } = steps;
    const job = await begin();
    const drawn = { sha256: 'cd'.repeat(32), provenance };
    await assert.rejects(run.recordShot({ ...attemptOf(job), shot: 'portrait', drawn }), (error) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.equal(error.type, 'INTERNAL');
      assert.notEqual(error.nonRetryable, true);
      return true;
    });
  });
});
