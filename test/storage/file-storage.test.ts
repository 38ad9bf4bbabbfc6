import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
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

  it('gives back what was put, under any folder of its key', async () => {
    const bytes = Buffer.from([0, 255, 10, 13]);
    await storage.put('a/b/c.webp', bytes);
    await storage.put('d.webp', new Uint8Array());
    assert.ok(bytes.equals(await storage.get('a/b/c.webp')));
    assert.equal((await storage.get('d.webp')).length, 0);
  });

  it('rejects for what is not there', async () => {
    await assert.rejects(storage.get('a/b.webp'));
    await storage.put('a/b.webp', Buffer.from('x'));
    await assert.rejects(storage.get('a/c.webp'));
    await assert.rejects(storage.get('a'));
  });

  it('keeps the first of two objects with one key', async () => {
    await storage.put('a/b.webp', Buffer.from('first'));
    await storage.put('a/b.webp', Buffer.from('second'));
    assert.equal(Buffer.from(await storage.get('a/b.webp')).toString(), 'first');
  });

  it('keeps one whole object when many are put under one key at the same time, and leaves no half ones', async () => {
    const objects = Array.from({ length: 20 }, (_, i) => Buffer.alloc(200_000, i));
    await Promise.all(objects.map((bytes) => storage.put('a/b.webp', bytes)));
    const kept = await storage.get('a/b.webp');
    assert.ok(objects.some((bytes) => bytes.equals(kept)));
    assert.deepEqual(await files(), ['b.webp']);
  });

  it('never shows half an object to whoever reads meanwhile', async () => {
    const bytes = Buffer.alloc(2_000_000, 7);
    const written = new AbortController();
    const writing = storage.put('a/b.webp', bytes).finally(() => {
      written.abort();
    });
    while (!written.signal.aborted) {
      const seen = await storage.get('a/b.webp').catch(() => null); // not there yet
      assert.ok(seen === null || bytes.equals(seen));
    }
    await writing;
    assert.ok(bytes.equals(await storage.get('a/b.webp')));
  });

  it('leaves nothing behind when it cannot write', async () => {
    await writeFile(path.join(folder, 'a'), 'a file where a folder is needed');
    await assert.rejects(storage.put('a/b.webp', Buffer.from('x')));
    assert.deepEqual(await files(), ['a']);
  });

  it('tells what is there, lists what lies below a folder, and removes it with the folders that are empty then', async () => {
    for (const key of ['a/b/1.webp', 'a/b/c/2.webp', 'a/d.webp', 'ab/3.webp']) await storage.put(key, Buffer.from(key));
    assert.deepEqual((await storage.list('a/b/')).sort(), ['a/b/1.webp', 'a/b/c/2.webp']);
    assert.deepEqual(
      [await storage.list('x/'), await storage.has('x/y'), await storage.has('a/d.webp')],
      [[], false, true],
    );
    await removeFolder(storage, 'a/b/', ['a/b/1.webp']);
    await storage.remove('a/b/1.webp');
    await storage.remove('a/b/1.webp');
    assert.deepEqual((await readdir(folder, { recursive: true })).sort(), ['a', 'a/d.webp', 'ab', 'ab/3.webp']);
    await removeFolder(storage, 'a/');
    await removeFolder(storage, 'ab/');
    assert.deepEqual(await readdir(folder), []);
  });

  it('takes a stream aside: it becomes the object when it is kept, in place of another one', async () => {
    const { receive } = fileStorage(folder);
    const first = await receive('a/bytes', Readable.from([Buffer.from('fi'), Buffer.from('rst')]));
    assert.equal(await storage.has('a/bytes'), false);
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
