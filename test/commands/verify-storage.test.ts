import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rm, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { v7 as newId } from 'uuid';
import { insertAsset } from '../../src/db/assets.ts';
import { formatId } from '../../src/domain/ids.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import { openStorage, type OpenedStorage } from '../../src/storage/open-storage.ts';
import { pictureKey, thumbnailKeyOf, type Storage } from '../../src/storage/storage.ts';
import { spawnDoppel } from '../support/doppel-process.ts';
import { createHome, type Home } from '../support/jobs.ts';
import { startS3Proxy, type S3Proxy } from '../support/s3-proxy.ts';
import { s3TimeoutMs, startTestS3, type TestS3 } from '../support/s3-server.ts';
import { answer } from '../support/scripted-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

interface Picture {
  /** As callers see it. */
  id: string;
  key: string;
  thumbnailKey: string;
}

describe('doppel storage verify', () => {
  let testDatabase: TestDatabase;
  let dataDir: string;
  let home: Home;
  let first: Picture;
  let second: Picture;

  before(async () => {
    testDatabase = await createTestDatabase();
  });
  after(() => testDatabase.drop());
  beforeEach(async () => {
    await testDatabase.database.raw('truncate organizations cascade');
    dataDir = await makeTemporaryFolder();
    home = await createHome(testDatabase.database);
    first = await store('the first');
    second = await store('the second');
  });
  afterEach(() => removeTemporaryFolder(dataDir));

  const files = () => fileStorage(path.join(dataDir, 'storage'));
  const keyOf = (sha256: string) =>
    pictureKey({ organizationId: home.organizationId, id: newId(), sha256, mimeType: 'image/png' });
  const store = async (bytes: string, storage: Storage = files()): Promise<Picture> => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const key = keyOf(sha256);
    const thumbnailKey = thumbnailKeyOf(key);
    for (const one of [key, thumbnailKey]) await storage.put(one, Buffer.from(bytes));
    const { id } = await insertAsset(testDatabase.database, {
      ...{ ...home, id: newId(), environment: 'live', kind: 'image', filename: null, mimeType: 'image/png' },
      ...{ width: 1, height: 1, sizeBytes: bytes.length, sha256, storageKey: key, thumbnailKey },
    });
    return { id: formatId('asset', id), key, thumbnailKey };
  };

  const fileOf = (key: string) => path.join(dataDir, 'storage', key);
  const verify = (...args: string[]) => verifyOn({}, ...args);
  const verifyOn = async (bucket: Record<string, string>, ...args: string[]) => {
    const env = { DATABASE_URL: testDatabase.url, DOPPEL_DATA_DIR: dataDir, ...bucket };
    const command = spawnDoppel(['storage', 'verify', ...args], { cwd: dataDir, env });
    const code = await command.exited;
    return {
      code,
      output: command.output(),
      faults: command
        .output()
        .split('\n')
        .filter((line) => /^ast_/.test(line)),
    };
  };
  const assertNamed = async (fault: string, ...args: string[]) => {
    const { code, output, faults } = await verify(...args);
    assert.deepEqual([code, faults], [1, [fault]], output);
    assert.match(output, /^faults +1$/m);
    assert.match(output, /^Not every image is there as it should be\.$/m);
  };

  it('finds nothing wrong with a sound storage', async () => {
    for (const args of [[], ['--checksums']]) {
      const { code, output } = await verify(...args);
      assert.equal(code, 0, output);
      assert.match(
        output,
        /^assets +2\nfaults +0\nobjects +4 .*MB\nnamed by no row +0 .*\n.*\nforeign +0 .*\nEvery image is there\.$/m,
      );
    }
  });

  it('names a picture that is missing', async () => {
    await rm(fileOf(first.key));
    await assertNamed(`${first.id}  ${first.key} is missing`);
  });

  it('names a thumbnail that is missing, and one that is empty', async () => {
    await rm(fileOf(first.thumbnailKey));
    await assertNamed(`${first.id}  ${first.thumbnailKey} is missing`);
    await writeFile(fileOf(first.thumbnailKey), '');
    await assertNamed(`${first.id}  ${first.thumbnailKey} is empty`);
  });

  it('names a picture that is cut off', async () => {
    await truncate(fileOf(second.key), 4);
    await assertNamed(`${second.id}  ${second.key} has 4 bytes instead of 10`);
  });

  it('names a picture whose bytes have changed, with --checksums alone', async () => {
    await writeFile(fileOf(second.key), 'THE SECOND');
    assert.equal((await verify()).code, 0);
    await assertNamed(`${second.id}  ${second.key} has other bytes than its checksum says`, '--checksums');
  });

  it('names the first hundred faults, and counts the others', async () => {
    await testDatabase.database.raw(
      `insert into assets (organization_id, id, environment, project_id, kind, mime_type, width, height, size_bytes, sha256,
                           storage_key, thumbnail_key)
       select organization_id, gen_random_uuid(), environment, project_id, kind, mime_type, width, height, size_bytes, sha256,
              storage_key || n, thumbnail_key || n
       from assets, generate_series(1, 600) n where storage_key = ?`,
      [first.key],
    );
    const { code, output, faults } = await verify();
    assert.deepEqual([code, faults.length], [1, 100]);
    assert.match(output, /^… and 1100 more\nassets +602\nfaults +1200$/m);
  });

  it('counts objects that no row names and that are not ours, which are no fault', async () => {
    const [old, young] = [keyOf('a'), keyOf('b')];
    for (const key of [old, young, 'backup.tar']) await files().put(key, Buffer.alloc(600_000));
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    await utimes(fileOf(old), yesterday, yesterday);
    const { code, output } = await verify();
    assert.equal(code, 0, output);
    assert.match(
      output,
      /^objects +7 +1\.8 MB\nnamed by no row +2 +1\.2 MB\n +for 24 hours +1 +0\.6 MB\nforeign +1 +0\.6 MB$/m,
    );
    assert.match(output, /^What no row names is removed by the storage collector once it is 24 hours old\.$/m);
    assert.match(output, /^What is foreign .* stays\.$/m);
    assert.notEqual(await files().sizeOf(old), null);
  });

  describe('on a bucket', function () {
    this.timeout(s3TimeoutMs);
    let s3: TestS3;
    let proxy: S3Proxy;
    let opened: OpenedStorage;
    let third: Picture;
    before(async () => {
      s3 = await startTestS3();
      proxy = await startS3Proxy(s3.settings);
      opened = await openStorage(s3.settings);
    });
    after(async () => {
      opened.close();
      await proxy.close();
      await s3.close();
    });
    beforeEach(async () => {
      await testDatabase.database('assets').delete(); // those of the files
      third = await store('the third', opened.storage);
    });

    const verifyBucket = (...args: string[]) => verifyOn({ ...s3.environment, S3_ENDPOINT: proxy.endpoint }, ...args);

    it('calls no image missing or damaged while the server does not answer, and says that it could not compare', async () => {
      for (const [method, ...args] of [['HEAD'], ['GET', '--checksums']] as const) {
        const isObject = /^[^?]+\.png(\?|$)/;
        proxy.answer(method, (response, asked) =>
          method === 'GET' && !isObject.test(asked.path) ? proxy.passOn(response, asked) : answer(503)(response, asked),
        );
        const { code, output, faults } = await verifyBucket(...args);
        proxy.answer(method, null);
        assert.deepEqual([code, faults], [1, []], output);
        assert.match(output, /^Not compared to the end: the S3 server cannot do this now\. Run it again later\.$/m);
        assert.doesNotMatch(output, /^ +at |^faults/m);
      }
    });

    it('names a picture whose bytes have changed where they lie, with --checksums', async () => {
      await writeFile(path.join(s3.bucketFolder, third.key), 'THE THIRD');
      const { code, output, faults } = await verifyBucket('--checksums');
      const fault = `${third.id}  ${third.key} has other bytes than its checksum says`;
      assert.deepEqual([code, faults], [1, [fault]], output);
    });
  });

  it('says in a sentence that it has no database to compare with', async () => {
    const command = spawnDoppel(['storage', 'verify'], { cwd: dataDir, env: { DOPPEL_DATA_DIR: dataDir } });
    assert.equal(await command.exited, 1);
    assert.match(command.output(), /^Set DATABASE_URL, or run "npm start"[^\n]*\n$/);
  });
});
