import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { MockActivityEnvironment } from '@temporalio/testing';
import { v7 as newId } from 'uuid';
import { createHousekeepingActivities, type HousekeepingActivities } from '../../activities/index.ts';
import { insertAsset } from '../../src/db/assets.ts';
import { storeReply, takeKey } from '../../src/db/idempotency-keys.ts';
import { takeFromWindow } from '../../src/db/rate-windows.ts';
import { finishUpload, insertUpload } from '../../src/db/uploads.ts';
import { rotateWebhookSecret } from '../../src/db/webhook-endpoints.ts';
import type { DeliveryStatus } from '../../src/domain/webhook.ts';
import { drawingKey, pictureKey, thumbnailKeyOf, uploadKey, type Storage } from '../../src/storage/storage.ts';
import { complete, quietEnvironment, startTestActivities, type TestActivities } from '../support/activities.ts';
import {
  acceptJob,
  createHome,
  deleteInfluencer,
  retryJob,
  storedOf,
  type Home,
  type TestJob,
} from '../support/jobs.ts';
import { silent } from '../support/api.ts';
import { insertDelivery, insertEndpoint, type TestEndpoint } from '../support/webhooks.ts';

describe('the housekeeping', () => {
  let steps: TestActivities;
  let run: HousekeepingActivities;
  before(async () => {
    steps = await startTestActivities();
    run = runOn(steps.deps.storage);
  });
  after(() => steps.close());

  const runOn = (storage: Storage, environment?: MockActivityEnvironment): HousekeepingActivities => {
    const activities = createHousekeepingActivities({ database: steps.database, storage, log: silent });
    return Object.fromEntries(
      Object.entries(activities).map(([name, activity]) => [
        name,
        () => (environment ?? quietEnvironment()).run(activity),
      ]),
    ) as unknown as HousekeepingActivities;
  };
  const has = async (key: string) => (await steps.deps.storage.sizeOf(key)) !== null;

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
      await has(storageKey),
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
      assert.equal(await has(left), false);
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
      const kept = await Promise.all([storageKey, thumbnailKeyOf(storageKey), stray].map(has));
      assert.deepEqual(kept, [true, true, false]);
      assert.equal(await run.removeUploads(), 0);
    });

    it('keeps the picture of an upload whose row stays because another one could not be removed', async () => {
      const home = await createHome(steps.database);
      const [first, second] = [await begin(home), await begin(home)];
      const picture = pictureKey({ ...first, sha256: 'a', mimeType: 'image/png' });
      await steps.deps.storage.put(picture, Buffer.from('of a finalizing that is about to name it'));
      await age('uploads', 'created_at', '26 hours', { id: first.id });
      await age('uploads', 'created_at', '25 hours', { id: second.id });
      const { storage } = steps.deps;
      const broken = {
        ...storage,
        remove: (key: string) =>
          key === second.storageKey ? Promise.reject(new Error('no disk')) : storage.remove(key),
      };
      await assert.rejects(runOn(broken).removeUploads());
      assert.deepEqual([(await isThere(first))[0], await has(picture)], [true, true]);
      assert.equal(await run.removeUploads(), 2);
      assert.equal(await has(picture), false);
    });

    it('says that it lives after each upload, since each may take a while', async () => {
      const home = await createHome(steps.database);
      await Promise.all(Array.from({ length: 5 }, () => begin(home)));
      await age('uploads', 'created_at', '25 hours', { organization_id: home.organizationId });
      const environment = quietEnvironment();
      let heartbeats = 0;
      environment.on('heartbeat', () => heartbeats++);
      assert.equal(await runOn(steps.deps.storage, environment).removeUploads(), 5);
      assert.ok(heartbeats > 5, String(heartbeats));
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
      const kept = await Promise.all([key, thumbnailKeyOf(key), unrecorded].map(has));
      assert.deepEqual(kept, [false, false, false]);
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
      assert.equal(await has(key), true);
      assert.equal((await keysOf(clone)).length, 2);
      await remove(clone, '31 days');
      assert.equal(await run.eraseInfluencers(), 1);
      assert.equal(await has(key), false);
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

  describe('forgetDeliveries', () => {
    const aged = async (endpoint: TestEndpoint, status: DeliveryStatus, interval: string) => {
      const { deliveryId } = await insertDelivery(steps.database, endpoint, status);
      await age('webhook_deliveries', 'created_at', interval, { id: deliveryId });
      await steps.database('webhook_attempts').insert({
        ...{ organization_id: endpoint.organizationId, delivery_id: deliveryId, run: 1, attempt: 1 },
        ...{ at: new Date(), duration_ms: 1, error: 'timeout' },
      });
      return deliveryId;
    };

    it('forgets what ended and was made 30 days ago, with its attempts, and nothing else', async () => {
      const endpoint = await insertEndpoint(steps.database, await createHome(steps.database), { status: 'paused' });
      for (const status of ['delivered', 'failed', 'held'] as const) await aged(endpoint, status, '30 days 1 minute');
      const kept = [await aged(endpoint, 'pending', '40 days'), await aged(endpoint, 'delivered', '29 days 23 hours')];
      assert.equal(await run.forgetDeliveries(), 3);
      assert.equal(await run.forgetDeliveries(), 0);
      const ids = async (table: string, column: string) =>
        ((await steps.database(table).where({ organization_id: endpoint.organizationId })) as Record<string, string>[])
          .map((row) => row[column])
          .sort();
      assert.deepEqual(await ids('webhook_deliveries', 'id'), [...kept].sort());
      assert.deepEqual(await ids('webhook_attempts', 'delivery_id'), [...kept].sort());
    });

    it('forgets nothing that is held and about to be released, however old it is', async () => {
      const endpoint = await insertEndpoint(steps.database, await createHome(steps.database));
      const deliveryId = await aged(endpoint, 'held', '31 days');
      assert.equal(await run.forgetDeliveries(), 0);
      assert.equal((await steps.database('webhook_deliveries').where({ id: deliveryId })).length, 1);
    });

    it('forgets a secret that was rotated 24 hours ago, and no other', async () => {
      const { database } = steps;
      const home = await createHome(database);
      const [old, young, never] = [
        await insertEndpoint(database, home),
        await insertEndpoint(database, home),
        await insertEndpoint(database, home),
      ];
      for (const one of [old, young]) {
        await rotateWebhookSecret(database, { ...one, environment: 'live', secret: randomBytes(32) });
      }
      await age('webhook_endpoints', 'previous_secret_until', '1 second', { id: old.id });
      assert.equal(await run.forgetDeliveries(), 1);
      const secrets = await Promise.all(
        [old, young, never].map(async ({ id }) => {
          const row = await database('webhook_endpoints').where({ id }).first();
          return [row.secret !== null, row.previous_secret !== null, row.previous_secret_until !== null];
        }),
      );
      assert.deepEqual(secrets, [
        [true, false, false],
        [true, true, true],
        [true, false, false],
      ]);
    });

    it('forgets an endpoint that was deleted 30 days ago, once it has no deliveries', async () => {
      const { database } = steps;
      const endpoint = await insertEndpoint(database, await createHome(database));
      const deliveryId = await aged(endpoint, 'pending', '31 days');
      await database('webhook_endpoints').where({ id: endpoint.id }).update({ deleted_at: new Date(), secret: null });
      await age('webhook_endpoints', 'deleted_at', '31 days', { id: endpoint.id });
      assert.equal(await run.forgetDeliveries(), 0);
      await database('webhook_deliveries')
        .where({ id: deliveryId })
        .update({
          ...{ status: 'failed', status_reason: 'endpoint_deleted', next_attempt_at: null },
        });
      assert.equal(await run.forgetDeliveries(), 2);
      assert.deepEqual(await database('webhook_endpoints').where({ id: endpoint.id }), []);
    });
  });

  describe('sweepDrawings', () => {
    const drawn = async (job: TestJob, attempt: number, bytes: string) => {
      const key = drawingKey({ ...job, attempt, shot: 'portrait', sha256: bytes });
      await steps.deps.storage.put(key, Buffer.from(bytes));
      return key;
    };

    it('removes what became no image of jobs that ended ten minutes ago, once, and nothing else', async () => {
      const { database } = steps;
      const [old, young, running] = [await acceptJob(database), await acceptJob(database), await acceptJob(database)];
      for (const job of [old, young]) await complete(steps.run, job);
      const strays = await Promise.all([old, young, running].map((job) => drawn(job, 1, 'late')));
      await age('jobs', 'finished_at', '11 minutes', { id: old.jobId });
      assert.equal(await run.sweepDrawings(), 1);
      assert.deepEqual(await Promise.all(strays.map(has)), [false, true, true]);
      for (const { storageKey } of (await storedOf(database, old)).images) {
        assert.deepEqual([await has(storageKey), await has(thumbnailKeyOf(storageKey))], [true, true]);
      }
      assert.equal(await run.sweepDrawings(), 0);
    });

    it('goes on behind a job whose drawings cannot be looked through, and then fails', async () => {
      const { database, storage } = steps.deps;
      const [broken, other] = [await acceptJob(database), await acceptJob(database)];
      for (const job of [broken, other]) {
        await steps.run.cancelJob({ jobId: job.jobId, attempt: 1 });
        await age('jobs', 'finished_at', '11 minutes', { id: job.jobId });
      }
      const stray = await drawn(other, 1, 'late');
      const failing = {
        ...storage,
        list: (folder: string) => (folder.includes(broken.jobId) ? assert.fail('no disk') : storage.list(folder)),
      };
      const { sweepDrawings } = createHousekeepingActivities({ database, storage: failing, log: silent });
      await assert.rejects(quietEnvironment().run(sweepDrawings));
      assert.equal(await has(stray), false);
      assert.equal(await run.sweepDrawings(), 1, 'the broken one is tried again');
    });

    it('looks again after a retry', async () => {
      const { database } = steps;
      const job = await acceptJob(database);
      await steps.run.cancelJob({ jobId: job.jobId, attempt: 1 });
      await age('jobs', 'finished_at', '11 minutes', { id: job.jobId });
      assert.equal(await run.sweepDrawings(), 1);
      const again = await retryJob(database, job);
      const stray = await drawn(job, 2, 'late');
      assert.equal(await run.sweepDrawings(), 0);
      await complete(steps.run, again);
      await age('jobs', 'finished_at', '11 minutes', { id: job.jobId });
      assert.equal(await run.sweepDrawings(), 1);
      assert.equal(await has(stray), false);
    });
  });

  describe('pruneEvents', () => {
    it('leaves the last event of jobs that ended 30 days ago, and all of the others', async () => {
      const { database } = steps;
      const [old, young, running] = [await acceptJob(database), await acceptJob(database), await acceptJob(database)];
      for (const job of [old, young]) await complete(steps.run, job);
      await age('jobs', 'finished_at', '30 days 1 minute', { id: old.jobId });
      await age('jobs', 'finished_at', '29 days', { id: young.jobId });
      const before = await storedOf(database, young);
      assert.equal(await run.pruneEvents(), 1);
      const { events, job } = await storedOf(database, old);
      assert.deepEqual(
        events.map(({ seq, type }) => [seq, type]),
        [[job.lastSeq, 'job.completed']],
      );
      assert.deepEqual(await storedOf(database, young), before);
      assert.equal((await storedOf(database, running)).events.length, 1);
      assert.equal(await run.pruneEvents(), 0);
    });
  });
});
