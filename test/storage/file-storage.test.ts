import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { fileStorage } from '../../src/storage/file-storage.ts';
import { drawingKey, removeFolder, thumbnailKeyOf, type Storage } from '../../src/storage/storage.ts';

describe('file storage', () => {
  let folder: string;
  let storage: Storage;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'doppel-storage-'));
    storage = fileStorage(folder);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const files = async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };

  it('keeps the first of two objects with one key', async () => {
    await storage.put('a/b.webp', Buffer.from('first'));
    await storage.put('a/b.webp', Buffer.from('second'));
    assert.equal(Buffer.from(await storage.get('a/b.webp')).toString(), 'first');
  });

  it('leaves no half objects where many are put under one key at the same time', async () => {
    const objects = Array.from({ length: 20 }, (_, i) => Buffer.alloc(200_000, i));
    await Promise.all(objects.map((bytes) => storage.put('a/b.webp', bytes)));
    const kept = await storage.get('a/b.webp');
    assert.ok(objects.some((bytes) => bytes.equals(kept)));
    assert.deepEqual(await files(), ['b.webp']);
  });

  it('leaves nothing behind when it cannot write', async () => {
    await writeFile(path.join(folder, 'a'), 'a file where a folder is needed');
    await assert.rejects(storage.put('a/b.webp', Buffer.from('x')));
    assert.deepEqual(await files(), ['a']);
  });

  it('removes the folders that are empty once an object is removed', async () => {
    for (const key of ['a/b/1.webp', 'a/b/c/2.webp', 'a/d.webp', 'ab/3.webp']) await storage.put(key, Buffer.from(key));
    await removeFolder(storage, 'a/b/', ['a/b/1.webp']);
    await storage.remove('a/b/1.webp');
    await storage.remove('a/b/1.webp');
    assert.deepEqual((await readdir(folder, { recursive: true })).sort(), ['a', 'a/d.webp', 'ab', 'ab/3.webp']);
    await removeFolder(storage, 'a/');
    await removeFolder(storage, 'ab/');
    assert.deepEqual(await readdir(folder), []);
  });

  describe('with a folder that may not be read', () => {
    const own = ['01a20c2e-3f6b-7c11-8a52-0c9c0f1a2b3c', '01a20c2e-3f6b-7c11-8a52-0c9c0f1a2b3d'] as const;
    const nobody = 65_534;

    /** Lists all, as who may not read everything: the superuser may. */
    const list = async (seen: string[]) => {
      const isRoot = process.geteuid?.() === 0;
      await chmod(folder, 0o755);
      if (isRoot) process.seteuid?.(nobody);
      try {
        for await (const objects of storage.list('')) seen.push(...objects.map(({ key }) => key));
      } finally {
        if (isRoot) process.seteuid?.(0);
      }
    };
    beforeEach(async () => {
      for (const id of own) await storage.put(`${id}/a.webp`, Buffer.from('x'));
    });

    it('lists what else is there, where it is none of its own', async () => {
      await mkdir(path.join(folder, 'lost+found'), { mode: 0 });
      const seen: string[] = [];
      await list(seen);
      assert.deepEqual(
        seen.sort(),
        own.map((id) => `${id}/a.webp`),
      );
    });

    it('lists what else is there, and then fails, where it is its own', async () => {
      await chmod(path.join(folder, own[0]), 0);
      const seen: string[] = [];
      await assert.rejects(list(seen), /1 folders cannot be read: EACCES/);
      assert.deepEqual(seen, [`${own[1]}/a.webp`]);
      await chmod(path.join(folder, own[0]), 0o755);
    });
  });

  it('takes a stream aside: it becomes the object when it is kept, in place of another one', async () => {
    const { receive } = fileStorage(folder);
    const first = await receive('a/bytes', Readable.from([Buffer.from('fi'), Buffer.from('rst')]));
    assert.equal(await storage.sizeOf('a/bytes'), null);
    await first.keep();
    const second = await receive('a/bytes', Readable.from([Buffer.from('second')]));
    assert.equal(Buffer.from(await storage.get('a/bytes')).toString(), 'first');
    await second.keep();
    assert.equal(Buffer.from(await storage.get('a/bytes')).toString(), 'second');
    await (await receive('a/bytes', Readable.from([Buffer.from('third')]))).discard();
    assert.equal(Buffer.from(await storage.get('a/bytes')).toString(), 'second');
    assert.deepEqual(await files(), ['bytes']);
  });

  it('stores into a folder that a removal takes away at that moment, since it is empty', async () => {
    await Promise.all(
      Array.from({ length: 6 }, async (_, writer) => {
        for (let i = 0; i < 60; i++) {
          const key = `org/job/shot/${String(writer)}-${String(i)}.webp`;
          await storage.put(key, Buffer.from('x'));
          await storage.remove(key);
        }
      }),
    );
    assert.deepEqual(await readdir(folder), []);
  });

  it('leaves nothing of a stream that breaks off', async () => {
    const { receive } = fileStorage(folder);
    const broken = Readable.from(
      (function* () {
        yield Buffer.from('half');
        throw new Error('gone');
      })(),
    );
    await assert.rejects(receive('a/bytes', broken), /gone/);
    assert.deepEqual(await readdir(folder), []);
  });

  it('lets nobody but its owner and its group read what it keeps', async () => {
    await storage.put('a.webp', Buffer.from('x'));
    assert.equal((await stat(path.join(folder, 'a.webp'))).mode & 0o007, 0);
  });
});

describe('the key of a drawing', () => {
  const drawing = { organizationId: 'org', jobId: 'job', attempt: 2, shot: 'profile', sha256: 'abc' };

  it('names whose it is, what it shows and what is in it', () => {
    assert.equal(drawingKey(drawing), 'org/job/2/profile/abc.webp');
    for (const other of [{ jobId: 'x' }, { attempt: 3 }, { shot: 'x' }, { sha256: 'x' }, { organizationId: 'x' }]) {
      assert.notEqual(drawingKey({ ...drawing, ...other }), drawingKey(drawing));
    }
  });

  it('names its thumbnail beside it', () => {
    assert.equal(thumbnailKeyOf('org/job/2/profile/abc.webp'), 'org/job/2/profile/abc.thumbnail.webp');
    assert.notEqual(thumbnailKeyOf('a.webp'), thumbnailKeyOf('b.webp'));
  });
});
