import assert from 'node:assert/strict';
import { utimes } from 'node:fs/promises';
import path from 'node:path';
import { v7 as newId } from 'uuid';
import { createStorageActivities, type Activities, type StorageActivities } from '../../activities/index.ts';
import { insertAsset, type AssetRow } from '../../src/db/assets.ts';
import { addUploadedImages, removeImage } from '../../src/db/images.ts';
import { query } from '../../src/db/database.ts';
import { deleteUnusedAssets } from '../../src/db/unused-assets.ts';
import { finishUpload, insertUpload } from '../../src/db/uploads.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import { drawingKey, pictureKey, thumbnailKeyOf, uploadKey, type Storage } from '../../src/storage/storage.ts';
import {
  activitiesWith,
  attemptOf,
  beginDrawing,
  complete,
  quietEnvironment,
  startTestActivities,
  type TestActivities,
} from '../support/activities.ts';
import { silent } from '../support/api.ts';
import { until } from '../support/eventually.ts';
import { acceptJob, createHome, retryJob, storedOf, type Home, type TestJob } from '../support/jobs.ts';
import { recordingLog } from '../support/log.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

const hourMs = 3_600_000;

describe('the storage collector', () => {
  let steps: TestActivities;
  let folder: string;
  let storage: Storage;
  /** The steps of jobs. */
  let jobs: Activities;
  let collector: StorageActivities;

  before(async () => {
    steps = await startTestActivities();
  });
  after(() => steps.close());
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    storage = fileStorage(folder);
    jobs = activitiesWith({ ...steps.deps, storage });
    collector = collectorOn(storage);
  });
  afterEach(() => removeTemporaryFolder(folder));

  const collectorOn = (store: Storage, log = silent): StorageActivities => {
    const activities = createStorageActivities({ database: steps.database, storage: store, log });
    return {
      removeUnusedAssets: () => quietEnvironment().run(activities.removeUnusedAssets),
      collectObjects: () => quietEnvironment().run(activities.collectObjects),
    };
  };

  /** Makes the time of an object so many hours ago. */
  const age = async (key: string, hours: number) => {
    const at = new Date(Date.now() - hours * hourMs);
    await utimes(path.join(folder, key), at, at);
  };
  const put = async (key: string, hours = 25, bytes = 'bytes') => {
    await storage.put(key, Buffer.from(bytes));
    await age(key, hours);
    return key;
  };
  const isThere = async (key: string) => (await storage.sizeOf(key)) !== null;
  const areThere = (keys: readonly string[]) => Promise.all(keys.map(isThere));

  const newPictureKey = ({ organizationId }: Home, id = newId()) =>
    pictureKey({ organizationId, id, sha256: 'a'.repeat(64), mimeType: 'image/png' });

  const insertPhoto = (home: Home, storageKey: string): Promise<AssetRow> =>
    insertAsset(steps.database, {
      ...{ organizationId: home.organizationId, id: newId(), environment: 'live', projectId: home.projectId },
      ...{ kind: 'image', filename: null, mimeType: 'image/png', width: 1, height: 1, sizeBytes: 5 },
      ...{ sha256: 'a'.repeat(64), storageKey, thumbnailKey: thumbnailKeyOf(storageKey) },
    });

  /** A photo as a caller stores it; `keys` are its objects. */
  const storePhoto = async (home: Home): Promise<AssetRow & { keys: string[] }> => {
    const storageKey = newPictureKey(home);
    const keys = [await put(storageKey), await put(thumbnailKeyOf(storageKey))];
    return { ...(await insertPhoto(home, storageKey)), keys };
  };

  const beginUpload = async ({ organizationId, projectId }: Home) => {
    const id = newId();
    const storageKey = uploadKey({ organizationId, uploadId: id });
    await insertUpload(steps.database, {
      ...{ organizationId, environment: 'live', id, projectId, kind: 'image', mimeType: 'image/png' },
      ...{ filename: null, sizeBytes: null, sha256: null, storageKey, urlMinutes: 60 },
    });
    return { organizationId, id, storageKey };
  };

  describe('collectObjects', () => {
    it('removes what no row names once it is 24 hours old, and tells and logs what it did', async () => {
      const home = await createHome(steps.database);
      const photo = await storePhoto(home);
      const [old, young] = [await put(newPictureKey(home), 24.1, 'old'), await put(newPictureKey(home), 23.9)];
      const { log, lines } = recordingLog();
      const done = await collectorOn(storage, log).collectObjects();
      assert.deepEqual(done, { objects: 4, bytes: 18, removed: 1, removedBytes: 3, spared: 1, foreign: 0 });
      assert.deepEqual(await areThere([...photo.keys, old, young]), [true, true, false, true]);
      const [line] = lines;
      assert.deepEqual({ ...line, ...done, msg: 'storage collected' }, line);
      assert.equal((await collector.collectObjects()).removed, 0);
    });

    it('keeps every object of a job that is done, and removes what its attempts left', async () => {
      const job = await acceptJob(steps.database, { shots: ['portrait', 'smiling'] });
      await complete(jobs, job);
      const { images } = await storedOf(steps.database, job);
      const kept = images.flatMap(({ storageKey }) => [storageKey, thumbnailKeyOf(storageKey)]);
      for (const key of kept) await age(key, 1_000);
      const stray = await put(drawingKey({ ...job, shot: 'portrait', sha256: 'late' }));
      assert.equal((await collector.collectObjects()).removed, 1);
      assert.deepEqual(await areThere([...kept, stray]), [true, true, true, true, false]);
    });

    it('keeps a drawing of an attempt that runs, however long nobody records it, and not one of an earlier attempt', async () => {
      const job = await acceptJob(steps.database, { shots: ['portrait'] });
      await jobs.cancelJob(attemptOf(job));
      const early = await put(drawingKey({ ...job, shot: 'portrait', sha256: 'early' }));
      const again = await retryJob(steps.database, job);
      await beginDrawing(jobs, again);
      const drawn = await jobs.drawShot({ ...attemptOf(again), shot: 'portrait' });
      const key = drawingKey({ ...again, shot: 'portrait', sha256: drawn.sha256 });
      await age(key, 1_000);
      assert.equal((await collector.collectObjects()).removed, 1);
      assert.deepEqual(await areThere([early, key]), [false, true]);
      await jobs.recordShot({ ...attemptOf(again), shot: 'portrait', drawn });
      await jobs.publishInfluencer(attemptOf(again));
      assert.equal((await collector.collectObjects()).removed, 0);
      assert.equal(await isThere(key), true);
    });

    it('keeps what belongs to an upload that is not over, its bytes and the picture that is being made of it', async () => {
      const home = await createHome(steps.database);
      const upload = await beginUpload(home);
      const picture = newPictureKey(home, upload.id);
      const keys = [upload.storageKey, picture];
      for (const key of keys) await put(key);
      assert.equal((await collector.collectObjects()).removed, 0);
      await steps.database('uploads').where({ id: upload.id }).delete();
      assert.equal((await collector.collectObjects()).removed, 2);
      assert.deepEqual(await areThere(keys), [false, false]);
    });

    it('removes what is left beside the picture of an upload that is over', async () => {
      const home = await createHome(steps.database);
      const upload = await beginUpload(home);
      const photo = await storePhoto(home);
      await finishUpload(steps.database, { ...upload, assetId: photo.id, sha256: 'b'.repeat(64) });
      await steps.database('uploads').where({ id: upload.id }).update({ storage_key: null });
      await put(upload.storageKey);
      await put(newPictureKey(home, upload.id));
      assert.equal((await collector.collectObjects()).removed, 2);
      assert.deepEqual(await areThere(photo.keys), [true, true]);
    });

    it('removes what a writer left that died in the middle', async () => {
      const home = await createHome(steps.database);
      const half = await put(path.posix.join(path.posix.dirname(newPictureKey(home)), `.${newId()}`));
      assert.equal((await collector.collectObjects()).removed, 1);
      assert.equal(await isThere(half), false);
    });

    it('never removes what is not of this service, or of no organization that the database knows', async () => {
      const { organizationId, ...home } = await createHome(steps.database);
      const keys = [
        'backup.tar',
        'logs/2026/11/24.log',
        `${organizationId}/backup.tar`,
        `${organizationId}/${newId()}/notes/1.txt`,
        `${organizationId}/${newId()}/0/portrait/a.webp`,
        `${organizationId}/${newId()}/99999999999/portrait/a.webp`,
        `${organizationId.toUpperCase()}/uploads/${newId()}/bytes`,
        newPictureKey({ ...home, organizationId: newId() }),
      ];
      for (const key of keys) await put(key, 10_000);
      const { removed, spared, foreign } = await collector.collectObjects();
      assert.deepEqual([removed, spared, foreign], [0, 0, keys.length]);
      assert.deepEqual(new Set(await areThere(keys)), new Set([true]));
    });

    it('keeps an object whose row comes after it was listed', async () => {
      const home = await createHome(steps.database);
      const key = await put(newPictureKey(home));
      const slow: Storage = {
        ...storage,
        async *list(below) {
          for await (const objects of storage.list(below)) {
            await insertPhoto(home, key);
            yield objects;
          }
        },
      };
      assert.equal((await collectorOn(slow).collectObjects()).removed, 0);
      assert.equal(await isThere(key), true);
    });

    it('goes on behind an object that cannot be removed, and fails at the end', async () => {
      const home = await createHome(steps.database);
      const keys = [newPictureKey(home), newPictureKey(home), newPictureKey(home)];
      for (const key of keys) await put(key);
      const broken = {
        ...storage,
        remove: (key: string) => (key === keys[1] ? Promise.reject(new Error('no disk')) : storage.remove(key)),
      };
      const { log, lines } = recordingLog();
      await assert.rejects(collectorOn(broken, log).collectObjects(), { type: 'INTERNAL', nonRetryable: false });
      assert.deepEqual(await areThere(keys), [false, true, false]);
      assert.equal(lines.find(({ msg }) => msg === 'storage collected')?.['removed'], 2);
      assert.equal((await collector.collectObjects()).removed, 1);
    });

    it('may run beside itself, over several pages', async () => {
      const home = await createHome(steps.database);
      const photo = await storePhoto(home);
      await Promise.all(Array.from({ length: 1_100 }, () => put(newPictureKey(home))));
      await Promise.all([collector.collectObjects(), collector.collectObjects()]);
      const { objects, removed } = await collector.collectObjects();
      assert.deepEqual([objects, removed], [2, 0]);
      assert.deepEqual(await areThere(photo.keys), [true, true]);
    });

    it('stops when it is cancelled', async () => {
      const home = await createHome(steps.database);
      const keys = await Promise.all(Array.from({ length: 40 }, () => put(newPictureKey(home))));
      const environment = quietEnvironment();
      const stopping = {
        ...storage,
        async remove(key: string) {
          await storage.remove(key);
          environment.cancel();
        },
      };
      const activities = createStorageActivities({ database: steps.database, storage: stopping, log: silent });
      await assert.rejects(environment.run(activities.collectObjects), { name: 'CancelledFailure' });
      const left = (await areThere(keys)).filter((one) => one).length;
      assert.ok(left >= 30, `${String(left)} are left`);
    });
  });

  describe('removeUnusedAssets', () => {
    const days = (count: number) => steps.database.raw('now() - make_interval(days => ?)', [count]);
    const markAs = (asset: { id: string }, unusedForDays: number) =>
      steps
        .database('assets')
        .where({ id: asset.id })
        .update({ unused_since: days(unusedForDays) });
    const rowOf = (asset: { id: string }) =>
      steps.database('assets').where({ id: asset.id }).first<{ unused_since: Date | null } | undefined>();
    const isMarked = async (asset: { id: string }) => (await rowOf(asset))?.unused_since instanceof Date;
    const isGone = async (asset: { id: string; keys: string[] }) => [
      (await rowOf(asset)) === undefined,
      ...(await areThere(asset.keys)).map((one) => !one),
    ];
    const gone = [true, true, true];
    const lives = [false, false, false];

    const attach = (home: Home, { influencerId }: TestJob, { id }: { id: string }) =>
      addUploadedImages(steps.database, { ...home, influencerId }, [id]);

    it('marks an asset that nothing names, lets it live for 29 days, and removes it with its objects after 30', async () => {
      const photo = await storePhoto(await createHome(steps.database));
      assert.equal(await collector.removeUnusedAssets(), 0);
      assert.equal(await isMarked(photo), true);
      await markAs(photo, 29);
      assert.equal(await collector.removeUnusedAssets(), 0);
      assert.deepEqual(await isGone(photo), lives);
      await markAs(photo, 31);
      assert.equal(await collector.removeUnusedAssets(), 1);
      assert.deepEqual(await isGone(photo), gone);
      assert.equal(await collector.removeUnusedAssets(), 0);
    });

    it('knows everything that refers to an asset', async () => {
      const { rows } = await steps.database.raw<{ rows: { table: string }[] }>(
        `select conrelid::regclass::text as table from pg_constraint where confrelid = 'assets'::regclass order by 1`,
      );
      assert.deepEqual(
        rows.map(({ table }) => table),
        ['influencer_images', 'job_shots', 'uploads'],
      );
    });

    it('does not begin the 30 days anew each day', async () => {
      const photo = await storePhoto(await createHome(steps.database));
      await markAs(photo, 12);
      const before = await rowOf(photo);
      await collector.removeUnusedAssets();
      assert.deepEqual(await rowOf(photo), before);
    });

    it('removes the upload that it was, which is not found any more', async () => {
      const home = await createHome(steps.database);
      const [upload, photo] = [await beginUpload(home), await storePhoto(home)];
      await finishUpload(steps.database, { ...upload, assetId: photo.id, sha256: 'b'.repeat(64) });
      await markAs(photo, 31);
      assert.equal(await collector.removeUnusedAssets(), 1);
      assert.deepEqual(await steps.database('uploads').where({ id: upload.id }), []);
    });

    it('takes the mark away when the asset is used again, and lets it live however old the mark was', async () => {
      const home = await createHome(steps.database);
      const [photo, job] = [await storePhoto(home), await acceptJob(steps.database, { home })];
      await markAs(photo, 31);
      assert.equal((await attach(home, job, photo)).added, 1);
      assert.equal(await collector.removeUnusedAssets(), 0);
      assert.deepEqual([await isMarked(photo), await isGone(photo)], [false, lives]);
    });

    it('begins the 30 days anew when the asset is taken out of a set, also where it was never looked at in it', async () => {
      const home = await createHome(steps.database);
      const [photo, job] = [await storePhoto(home), await acceptJob(steps.database, { home })];
      await markAs(photo, 31);
      await attach(home, job, photo);
      assert.equal(await removeImage(steps.database, { ...home, influencerId: job.influencerId }, photo.id), true);
      assert.equal(await collector.removeUnusedAssets(), 0);
      assert.deepEqual([await isMarked(photo), await isGone(photo)], [true, lives]);
    });

    it('keeps the images of a job, also those that were taken out of the set', async () => {
      const job = await acceptJob(steps.database, { shots: ['portrait'] });
      await complete(jobs, job);
      const [shot] = (await storedOf(steps.database, job)).shots;
      const id = shot?.assetId ?? assert.fail('nothing was rendered');
      await steps.database('influencer_images').where({ asset_id: id }).delete();
      await markAs({ id }, 31);
      assert.equal(await collector.removeUnusedAssets(), 0);
      assert.equal(await isMarked({ id }), false);
    });

    it('keeps what a clone began with, after its source lost it', async () => {
      const home = await createHome(steps.database);
      const [photo, source] = [await storePhoto(home), await acceptJob(steps.database, { home, shots: ['portrait'] })];
      await attach(home, source, photo);
      const clone = await acceptJob(steps.database, { home, sourceId: source.influencerId, shots: ['portrait'] });
      await beginDrawing(jobs, clone);
      await removeImage(steps.database, { ...home, influencerId: source.influencerId }, photo.id);
      await markAs(photo, 31);
      assert.equal(await collector.removeUnusedAssets(), 0);
      assert.deepEqual([await isMarked(photo), await isGone(photo)], [false, lives]);
    });

    it('leaves an asset that is being attached in that moment', async () => {
      const home = await createHome(steps.database);
      const [photo, job] = [await storePhoto(home), await acceptJob(steps.database, { home })];
      await markAs(photo, 31);
      await steps.database.transaction(async (trx) => {
        await addUploadedImages(trx, { ...home, influencerId: job.influencerId }, [photo.id]);
        assert.equal(await collector.removeUnusedAssets(), 0);
      });
      assert.deepEqual(await isGone(photo), lives);
      assert.equal((await storedOf(steps.database, job)).images.length, 1);
    });

    it('lets who attaches an asset that is being removed wait, and find none', async () => {
      const { database } = steps;
      const home = await createHome(database);
      const [photo, job] = [await storePhoto(home), await acceptJob(database, { home })];
      await markAs(photo, 31);
      let attaching: ReturnType<typeof attach> | undefined;
      await database.transaction(async (trx) => {
        assert.equal((await deleteUnusedAssets(trx, [{ ...home, id: photo.id }])).length, 1);
        attaching = attach(home, job, photo);
        await until('the other one waits', async () => {
          const waiting = await query(trx, `select from pg_locks where not granted and locktype = 'transactionid'`);
          return waiting.length > 0;
        });
      });
      assert.deepEqual(await attaching, { before: 0, added: 0 });
    });

    it('removes an asset or lets it be attached, never both', async () => {
      const home = await createHome(steps.database);
      for (let round = 0; round < 10; round++) {
        const [photo, job] = [await storePhoto(home), await acceptJob(steps.database, { home })];
        await markAs(photo, 31);
        const [removed, { added }] = await Promise.all([collector.removeUnusedAssets(), attach(home, job, photo)]);
        assert.equal(removed + added, 1);
        assert.deepEqual(await isGone(photo), removed === 1 ? gone : lives);
      }
    });

    it('removes each once when two run at once, over several pages', async () => {
      const home = await createHome(steps.database);
      const copied = await storePhoto(home);
      await steps.database.raw(
        `insert into assets (organization_id, id, environment, project_id, kind, mime_type, width, height, size_bytes, sha256,
                             storage_key, thumbnail_key, unused_since)
         select organization_id, gen_random_uuid(), environment, project_id, kind, mime_type, width, height, size_bytes, sha256,
                storage_key || n, thumbnail_key || n, now() - interval '31 days'
         from assets, generate_series(1, 1100) n where id = ?`,
        [copied.id],
      );
      const counts = await Promise.all([collector.removeUnusedAssets(), collector.removeUnusedAssets()]);
      assert.equal(counts[0] + counts[1] + (await collector.removeUnusedAssets()), 1_100);
      assert.deepEqual(await isGone(copied), lives);
    });

    it('leaves objects that it cannot remove to the collector, and fails', async () => {
      const photo = await storePhoto(await createHome(steps.database));
      await markAs(photo, 31);
      const broken = { ...storage, remove: () => Promise.reject(new Error('no disk')) };
      await assert.rejects(collectorOn(broken).removeUnusedAssets(), { type: 'INTERNAL', nonRetryable: false });
      assert.deepEqual(await areThere(photo.keys), [true, true]);
      assert.equal((await collector.collectObjects()).removed, 2);
      assert.deepEqual(await isGone(photo), gone);
    });
  });
});
