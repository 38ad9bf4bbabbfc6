import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import { createHousekeepingActivities, type HousekeepingActivities } from '../../activities/index.ts';
import { insertAsset } from '../../src/db/assets.ts';
import { storeReply, takeKey } from '../../src/db/idempotency-keys.ts';
import { takeFromWindow } from '../../src/db/rate-windows.ts';
import { finishUpload, insertUpload } from '../../src/db/uploads.ts';
import { drawingKey, pictureKey, thumbnailKeyOf, uploadKey } from '../../src/storage/storage.ts';
import { complete, quietEnvironment, startTestActivities, type TestActivities } from '../support/activities.ts';
import { acceptJob, createHome, deleteInfluencer, storedOf, type Home, type TestJob } from '../support/jobs.ts';
import { silent } from '../support/api.ts';

describe('the housekeeping', () => {
  let steps: TestActivities;
  let run: HousekeepingActivities;
  before(async () => {
    steps = await startTestActivities();
    const { database, storage } = steps.deps;
    const activities = createHousekeepingActivities({ database, storage, log: silent });
    run = Object.fromEntries(
      Object.entries(activities).map(([name, activity]) => [name, () => quietEnvironment().run(activity)]),
    ) as unknown as HousekeepingActivities;
  });
  after(() => steps.close());

  const age = (table: string, column: string, interval: string, where: Record<string, string>) =>
    steps
      .database(table)
      .where(where)
      .update({ [column]: steps.database.raw('now() - ?::interval', [interval]) });

  describe('removeUploads', () => {
    const begin = async (home: Home, bytes = 'bytes') => {
      const id = newId();
      const storageKey = uploadKey({ organizationId: home.organizationId, uploadId: id });
      await insertUpload(steps.database, {
        ...{ organizationId: home.organizationId, environment: 'live', id, projectId: home.projectId, kind: 'image' },
        ...{ mimeType: 'image/png', filename: null, sizeBytes: null, sha256: null, storageKey, urlMinutes: 60 },
      });
      await steps.deps.storage.put(storageKey, Buffer.from(bytes));
      return { id, storageKey, organizationId: home.organizationId };
    };
    const isThere = async ({ id, storageKey }: { id: string; storageKey: string }) => [
      (await steps.database('uploads').where({ id })).length === 1,
      await steps.deps.storage.has(storageKey),
    ];

    it('removes what was not finalized within 24 hours, rows and bytes, and nothing younger', async () => {
      const home = await createHome(steps.database);
      const [old, young] = [await begin(home), await begin(home)];
      const left = pictureKey({ ...old, sha256: 'a', mimeType: 'image/png' });
      await steps.deps.storage.put(left, Buffer.from('of a finalizing that broke off'));
      await age('uploads', 'created_at', '24 hours 1 minute', { id: old.id });
      await age('uploads', 'created_at', '23 hours 59 minutes', { id: young.id });
      assert.equal(await run.removeUploads(), 1);
      assert.deepEqual(
        [await isThere(old), await isThere(young)],
        [
          [false, false],
          [true, true],
        ],
      );
      assert.equal(await steps.deps.storage.has(left), false);
      assert.equal(await run.removeUploads(), 0);
    });

    it('removes what still lies of finalized ones once no URL reaches them, and keeps their pictures', async () => {
      const home = await createHome(steps.database);
      const upload = await begin(home);
      const storageKey = pictureKey({ ...upload, sha256: 'b', mimeType: 'image/png' });
      const stray = pictureKey({ ...upload, sha256: 'c', mimeType: 'image/png' });
      for (const key of [storageKey, thumbnailKeyOf(storageKey), stray]) {
        await steps.deps.storage.put(key, Buffer.from('x'));
      }
      const asset = await insertAsset(steps.database, {
        ...{ organizationId: home.organizationId, id: newId(), environment: 'live', projectId: home.projectId },
        ...{ kind: 'image', filename: null, mimeType: 'image/png', width: 1, height: 1, sizeBytes: 1 },
        ...{ sha256: 'b'.repeat(64), storageKey, thumbnailKey: thumbnailKeyOf(storageKey) },
      });
      await finishUpload(steps.database, { ...upload, assetId: asset.id, sha256: 'd'.repeat(64) });
      assert.equal(await run.removeUploads(), 0);
      await age('uploads', 'expires_at', '61 minutes', { id: upload.id });
      assert.equal(await run.removeUploads(), 1);
      assert.deepEqual(await isThere(upload), [true, false]);
      const has = await Promise.all([storageKey, thumbnailKeyOf(storageKey), stray].map(steps.deps.storage.has));
      assert.deepEqual(has, [true, true, false]);
      assert.equal(await run.removeUploads(), 0);
    });

    it('may run beside itself, over several batches', async () => {
      const home = await createHome(steps.database);
      const uploads = await Promise.all(Array.from({ length: 120 }, () => begin(home)));
      await age('uploads', 'created_at', '25 hours', { organization_id: home.organizationId });
      const counts = await Promise.all([run.removeUploads(), run.removeUploads()]);
      assert.equal(counts[0] + counts[1], 120);
      for (const upload of uploads) assert.deepEqual(await isThere(upload), [false, false]);
    });
  });

  it('forgets idempotency keys older than 24 hours, and rate windows of past minutes', async () => {
    const { organizationId } = await createHome(steps.database);
    for (const key of ['old', 'young']) {
      await takeKey(steps.database, { organizationId, key, fingerprint: Buffer.alloc(32) });
      const reply = { organizationId, key, status: 200, body: {}, location: null, etag: null };
      await storeReply(steps.database, reply);
    }
    await age('idempotency_keys', 'created_at', '25 hours', { key: 'old' });
    assert.equal(await run.forgetIdempotencyKeys(), 1);
    assert.deepEqual(await steps.database('idempotency_keys').select('key'), [{ key: 'young' }]);

    await takeFromWindow(steps.database, 'key:old', 1);
    await age('rate_windows', 'minute', '6 minutes', { subject: 'key:old' });
    await takeFromWindow(steps.database, 'key:young', 1);
    assert.equal(await run.forgetRateWindows(), 1);
    assert.deepEqual(await steps.database('rate_windows').select('subject'), [{ subject: 'key:young' }]);
    assert.deepEqual([await run.forgetIdempotencyKeys(), await run.forgetRateWindows()], [0, 0]);
  });

  describe('eraseInfluencers', () => {
    const remove = async (job: TestJob, ago: string) => {
      await deleteInfluencer(steps.database, job);
      await age('influencers', 'deleted_at', ago, { id: job.influencerId });
      await steps.database('influencers').where({ id: job.influencerId }).update({ delete_reason: 'they asked' });
    };
    const ready = async (wishes: Parameters<typeof acceptJob>[1] = {}) => {
      const job = await acceptJob(steps.database, { identity: { vibe: 'warm' }, shots: ['portrait'], ...wishes });
      await complete(steps.run, job);
      return job;
    };
    const keysOf = async (job: TestJob) =>
      (await storedOf(steps.database, job)).images.map(({ storageKey }) => storageKey);
    const rowOf = ({ influencerId }: TestJob) =>
      steps.database('influencers').where({ id: influencerId }).first<Record<string, unknown>>();

    it('erases the person 30 days after deletion; the id stays reserved', async () => {
      const job = await ready();
      const [key = ''] = await keysOf(job);
      const unrecorded = drawingKey({ ...job, attempt: 1, shot: 'profile', sha256: 'f' });
      await steps.deps.storage.put(unrecorded, Buffer.from('x'));
      await remove(job, '29 days 23 hours');
      assert.equal(await run.eraseInfluencers(), 0);
      await age('influencers', 'deleted_at', '30 days 1 minute', { id: job.influencerId });
      assert.equal(await run.eraseInfluencers(), 1);

      const row = await rowOf(job);
      assert.deepEqual(
        [row['name'], row['identity'], row['attributes'], row['seed'], row['delete_reason'], row['status']],
        ['Erased', {}, {}, '', null, 'deleted'],
      );
      assert.ok(row['erased_at'] instanceof Date);
      const stored = await storedOf(steps.database, job);
      assert.deepEqual([stored.images, stored.shots, stored.assets], [[], [], 0]);
      const left = await steps.database('jobs').where({ id: job.jobId }).first<Record<string, unknown>>();
      assert.deepEqual([left['input'], left['result']], [{ identity: {}, seed: '', startingImages: [] }, null]);
      const has = await Promise.all([key, thumbnailKeyOf(key), unrecorded].map(steps.deps.storage.has));
      assert.deepEqual(has, [false, false, false]);
      assert.equal(await run.eraseInfluencers(), 0);
      await assert.rejects(steps.database('influencers').insert({ ...row, job_id: job.jobId }), /duplicate key/);
    });

    it('keeps the pictures that a clone has in its starting set, until the clone is erased as well', async () => {
      const source = await ready();
      const [key = ''] = await keysOf(source);
      const home = { organizationId: source.organizationId, projectId: source.projectId };
      const clone = await ready({ home, sourceId: source.influencerId });
      assert.equal((await keysOf(clone)).length, 2);
      await remove(source, '31 days');
      assert.equal(await run.eraseInfluencers(), 1);
      assert.equal(await steps.deps.storage.has(key), true);
      assert.equal((await keysOf(clone)).length, 2);
      await remove(clone, '31 days');
      assert.equal(await run.eraseInfluencers(), 1);
      assert.equal(await steps.deps.storage.has(key), false);
      assert.equal((await storedOf(steps.database, clone)).assets, 0);
    });

    it('leaves a clone that was accepted before, and begins after, without the images that are gone', async () => {
      const source = await ready();
      const home = { organizationId: source.organizationId, projectId: source.projectId };
      const clone = await acceptJob(steps.database, { home, sourceId: source.influencerId, shots: ['portrait'] });
      await remove(source, '31 days');
      assert.equal(await run.eraseInfluencers(), 1);
      await complete(steps.run, clone);
      const { job, images } = await storedOf(steps.database, clone);
      assert.deepEqual([job.status, images.map(({ role }) => role)], ['completed', ['rendered']]);
    });

    it('erases each once when two run at once', async () => {
      const jobs = await Promise.all(Array.from({ length: 4 }, () => ready()));
      for (const job of jobs) await remove(job, '40 days');
      const counts = await Promise.all([run.eraseInfluencers(), run.eraseInfluencers()]);
      // One that finds the last one locked has nothing to do.
      assert.equal(counts[0] + counts[1], 4);
    });

    it('leaves everything to the next run when bytes cannot be removed', async () => {
      const job = await ready();
      await remove(job, '31 days');
      const { database, storage } = steps.deps;
      const broken = { ...storage, remove: () => Promise.reject(new Error('the disk is gone')) };
      const { eraseInfluencers } = createHousekeepingActivities({ database, storage: broken, log: silent });
      await assert.rejects(quietEnvironment().run(eraseInfluencers), {
        type: 'INTERNAL',
        nonRetryable: false,
      });
      assert.equal((await rowOf(job))['erased_at'], null);
      assert.equal((await storedOf(steps.database, job)).images.length, 1);
      assert.equal(await run.eraseInfluencers(), 1);
    });
  });
});
