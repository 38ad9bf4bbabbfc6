import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatId } from '../../src/domain/ids.ts';
import { openStorage } from '../../src/storage/open-storage.ts';
import { createTenant } from '../support/api.ts';
import { spawnDoppel } from '../support/doppel-process.ts';
import { startS3Proxy } from '../support/s3-proxy.ts';
import { answer } from '../support/scripted-server.ts';
import { s3TimeoutMs, startTestS3 } from '../support/s3-server.ts';
import { keysBelow } from '../support/stored-keys.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

describe('doppel organizations erase', () => {
  let testDatabase: TestDatabase;
  let folder: string;
  let organizationId: string;

  before(async () => {
    testDatabase = await createTestDatabase();
    folder = await mkdtemp(path.join(tmpdir(), 'doppel-erase-'));
  });
  after(async () => {
    await testDatabase.drop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    ({ organizationId } = await createTenant(testDatabase.database));
    for (const id of [organizationId, 'another']) {
      await mkdir(path.join(folder, 'storage', id, 'job'), { recursive: true });
      await writeFile(path.join(folder, 'storage', id, 'job', 'portrait.webp'), '');
    }
  });

  const erase = async (...args: string[]) => {
    const env = { DATABASE_URL: testDatabase.url, DOPPEL_DATA_DIR: folder };
    const command = spawnDoppel(['organizations', 'erase', ...args], { cwd: folder, env });
    return { code: await command.exited, output: command.output() };
  };
  const organizationsLeft = async () =>
    (await testDatabase.database('organizations').where({ id: organizationId })).length;

  it('erases rows and objects, tells how many, and may be repeated', async () => {
    const id = formatId('organization', organizationId);
    const first = await erase(id, '--yes');
    assert.equal(first.code, 0, first.output);
    assert.match(first.output, /^projects +1$/m);
    assert.match(first.output, /^objects +1$/m);
    assert.match(first.output, new RegExp(`^${id} is erased\\.$`, 'm'));
    assert.equal(await organizationsLeft(), 0);
    assert.deepEqual(await readdir(path.join(folder, 'storage')), ['another']);
    const second = await erase(id, '--yes');
    assert.equal(second.code, 0);
    assert.match(second.output, new RegExp(`^There is no organization ${id} any more\\.$`, 'm'));
  });

  it('erases the objects of a bucket where that is the storage', async function () {
    this.timeout(s3TimeoutMs);
    const s3 = await startTestS3();
    try {
      const { storage, close } = await openStorage(s3.settings);
      for (const key of [`${organizationId}/job/a.webp`, 'another/job/a.webp'])
        await storage.put(key, Buffer.from('x'));
      const id = formatId('organization', organizationId);
      const env = { DATABASE_URL: testDatabase.url, DOPPEL_DATA_DIR: folder, ...s3.environment };
      const command = spawnDoppel(['organizations', 'erase', id, '--yes'], { cwd: folder, env });
      assert.equal(await command.exited, 0, command.output());
      assert.match(command.output(), /^objects +1$/m);
      assert.deepEqual(await keysBelow(storage, ''), ['another/job/a.webp']);

      const lost = spawnDoppel(['organizations', 'erase', id, '--yes'], {
        ...{ cwd: folder, env: { ...env, S3_BUCKET: 'nowhere' } },
      });
      assert.equal(await lost.exited, 1);
      assert.match(lost.output(), /^The storage cannot be used: there is no bucket nowhere at .*\.$/m);
      assert.doesNotMatch(lost.output(), /^ +at /m);
      close();
    } finally {
      await s3.close();
    }
  });

  it('says what is gone and that it is to be repeated where the bucket fails, and when to repeat it in any case', async function () {
    this.timeout(s3TimeoutMs);
    const s3 = await startTestS3();
    const proxy = await startS3Proxy(s3.settings);
    const { storage, close } = await openStorage(s3.settings);
    try {
      const key = `${organizationId}/job/a.webp`;
      await storage.put(key, Buffer.from('x'));
      const id = formatId('organization', organizationId);
      const env = { DATABASE_URL: testDatabase.url, DOPPEL_DATA_DIR: folder, ...s3.environment };
      const eraseInBucket = async () => {
        const command = spawnDoppel(['organizations', 'erase', id, '--yes'], {
          ...{ cwd: folder, env: { ...env, S3_ENDPOINT: proxy.endpoint } },
        });
        return { code: await command.exited, output: command.output() };
      };
      const hint = /^What was under way, .* run this again after that\.$/m;

      proxy.answer('DELETE', answer(503, '<html>away'));
      const broken = await eraseInBucket();
      assert.equal(broken.code, 1);
      assert.match(broken.output, /^projects +1$/m);
      assert.match(
        broken.output,
        new RegExp(`^The rows of ${id} are gone, but not all of its images: [^\n]+\\. Run it again\\.$`, 'm'),
      );
      assert.doesNotMatch(broken.output, /^ +at |is erased/m);

      proxy.answer('DELETE', null);
      const again = await eraseInBucket();
      assert.deepEqual([again.code, await storage.sizeOf(key)], [0, null]);
      assert.match(again.output, /^objects +1$/m);
      assert.match(again.output, hint);

      await storage.put(key, Buffer.from('a late upload'));
      assert.match((await eraseInBucket()).output, /^objects +1$/m);
      assert.doesNotMatch((await eraseInBucket()).output, hint);
    } finally {
      close();
      await proxy.close();
      await s3.close();
    }
  });

  it('erases nothing without --yes, or for what is no id', async () => {
    const unconfirmed = await erase(formatId('organization', organizationId));
    assert.equal(unconfirmed.code, 1);
    assert.match(unconfirmed.output, /say --yes if that is meant/);
    assert.equal((await erase(randomUUID().slice(1), '--yes')).code, 1);
    assert.equal(await organizationsLeft(), 1);
    assert.ok((await readdir(path.join(folder, 'storage'))).includes(organizationId));
  });
});
