// What every storage guarantees, over real files and over a real S3 server.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openStorage, type OpenedStorage, type StorageSettings } from '../../src/storage/open-storage.ts';
import {
  drawingKey,
  ObjectDamaged,
  ObjectMissing,
  ObjectTooLarge,
  pictureKey,
  removeFolder,
  StorageUnavailable,
  thumbnailKeyOf,
  uploadKey,
  type Storage,
} from '../../src/storage/storage.ts';
import { StartError } from '../../src/start-error.ts';
import { s3TimeoutMs, startTestS3, type S3StorageSettings, type TestS3 } from '../support/s3-server.ts';
import { answer, startScriptedServer, type Step } from '../support/scripted-server.ts';
import { layLine } from '../support/severable-line.ts';
import { keysBelow } from '../support/stored-keys.ts';

/** A storage, and the folder where its objects are files: there a test may age and damage them. */
interface Place {
  settings: StorageSettings;
  folder: string;
  close: () => Promise<void>;
}

async function openFolder(): Promise<Place> {
  const folder = await mkdtemp(path.join(tmpdir(), 'doppel-storage-'));
  return { settings: { kind: 'files', folder }, folder, close: () => rm(folder, { recursive: true, force: true }) };
}

async function openBucket(): Promise<Place> {
  const { settings, bucketFolder, close } = await startTestS3();
  return { settings, folder: bucketFolder, close };
}

const text = async (storage: Storage, key: string) => Buffer.from(await storage.get(key)).toString();

for (const [name, open] of [
  ['files', openFolder],
  ['S3', openBucket],
] as const) {
  describe(`the storage on ${name}`, function () {
    this.timeout(s3TimeoutMs);
    let place: Place;
    let opened: OpenedStorage;
    let storage: Storage;
    let folders = 0;
    let at: string;
    before(async () => {
      place = await open();
      opened = await openStorage(place.settings);
      storage = opened.storage;
    });
    after(async () => {
      opened.close();
      await place.close();
    });
    beforeEach(() => {
      at = `test-${String(++folders)}/`; // so that tests do not meet
    });

    const fileOf = (key: string) => path.join(place.folder, ...key.split('/'));

    it('gives back what was put, under any folder of its key', async () => {
      const bytes = Buffer.from([0, 255, 10, 13]);
      await storage.put(`${at}b/c.webp`, bytes);
      await storage.put(`${at}d.webp`, new Uint8Array());
      assert.ok(bytes.equals(await storage.get(`${at}b/c.webp`)));
      assert.equal((await storage.get(`${at}d.webp`)).length, 0);
      assert.deepEqual([await storage.sizeOf(`${at}b/c.webp`), await storage.sizeOf(`${at}d.webp`)], [4, 0]);
    });

    it('keeps an object of 20 MB whole', async () => {
      const bytes = Buffer.alloc(20 * 1024 * 1024, 'picture');
      await storage.put(`${at}large`, bytes);
      assert.ok(bytes.equals(await storage.get(`${at}large`)));
    });

    it('takes every key that we make', async () => {
      const ids = {
        organizationId: '01a20c2e-3f6b-7c11-8a52-0c9c0f1a2b3c',
        id: '01a20c2e-0000-7000-8000-000000000000',
      };
      const sha256 = createHash('sha256').update('x').digest('hex');
      const drawn = drawingKey({ ...ids, jobId: ids.id, attempt: 12, shot: 'three_quarter', sha256 });
      const keys = [
        ...[drawn, thumbnailKeyOf(drawn)],
        ...['png', 'jpeg', 'webp'].map((kind) => pictureKey({ ...ids, sha256, mimeType: `image/${kind}` })),
        uploadKey({ ...ids, uploadId: ids.id }),
      ];
      for (const key of keys) await storage.put(key, Buffer.from(key));
      for (const key of keys) assert.equal(await text(storage, key), key);
      assert.deepEqual(await keysBelow(storage, `${ids.organizationId}/`), keys.sort());
    });

    it('rejects for what is not there, and says that it has no size', async () => {
      await storage.put(`${at}a/b.webp`, Buffer.from('x'));
      for (const key of [`${at}a/c.webp`, `${at}a`, `${at}x/y/z`]) {
        await assert.rejects(storage.get(key), ObjectMissing);
        assert.equal(await storage.sizeOf(key), null);
      }
    });

    it('gives an object only to who takes one of its size', async () => {
      await storage.put(`${at}a`, Buffer.alloc(1_000_000));
      assert.equal((await storage.get(`${at}a`, 1_000_000)).length, 1_000_000);
      await assert.rejects(storage.get(`${at}a`, 999_999), ObjectTooLarge);
      await assert.rejects(storage.get(`${at}a`, 0), ObjectTooLarge);
      assert.equal((await storage.get(`${at}a`)).length, 1_000_000);
    });

    it('may be given the same object again, which is as if it were written now', async () => {
      const key = `${at}a.webp`;
      const writtenAt = async () => {
        for await (const [object] of storage.list(at)) return object?.writtenAt.getTime() ?? NaN;
        return NaN;
      };
      const longAgo = new Date('2020-01-02T03:04:05Z');
      await storage.put(key, Buffer.from('same'));
      await utimes(fileOf(key), longAgo, longAgo);
      assert.equal(await writtenAt(), longAgo.getTime());
      await storage.put(key, Buffer.from('same'));
      assert.ok(Math.abs((await writtenAt()) - Date.now()) < 60_000);
      assert.equal(await text(storage, key), 'same');
    });

    it('keeps one whole object when many are put under one key at the same time', async () => {
      const objects = Array.from({ length: 20 }, (_, i) => Buffer.alloc(200_000, i));
      await Promise.all(objects.map((bytes) => storage.put(`${at}b.webp`, bytes)));
      const kept = await storage.get(`${at}b.webp`);
      assert.ok(objects.some((bytes) => bytes.equals(kept)));
      assert.deepEqual(await keysBelow(storage, at), [`${at}b.webp`]);
    });

    it('never shows half an object to whoever reads meanwhile', async () => {
      const bytes = Buffer.alloc(2_000_000, 7);
      const written = new AbortController();
      const writing = storage.put(`${at}b.webp`, bytes).finally(() => {
        written.abort();
      });
      while (!written.signal.aborted) {
        const seen = await storage.get(`${at}b.webp`).catch(() => null); // not there yet
        assert.ok(seen === null || bytes.equals(seen));
      }
      await writing;
      assert.ok(bytes.equals(await storage.get(`${at}b.webp`)));
    });

    it('lists what lies below a folder and nowhere else, with size and time', async () => {
      const keys = ['b/1.webp', 'b/c/2.webp', 'd.webp', 'bc/3.webp'].map((key) => `${at}${key}`);
      for (const key of keys) await storage.put(key, Buffer.from(key));
      assert.deepEqual(await keysBelow(storage, `${at}b/`), [keys[0], keys[1]]);
      assert.deepEqual(await keysBelow(storage, `${at}d.webp/`), []);
      assert.deepEqual(await keysBelow(storage, 'nowhere/'), []);
      for await (const objects of storage.list(at)) {
        for (const { key, sizeBytes, writtenAt } of objects) {
          assert.equal(sizeBytes, key.length);
          assert.ok(Math.abs(writtenAt.getTime() - Date.now()) < 60_000);
        }
      }
      const all = await keysBelow(storage, '');
      assert.ok(keys.every((key) => all.includes(key)));
    });

    it('lists in pages, each object once, and all of them also while they are removed', async () => {
      const wanted = Array.from({ length: 1_050 }, (_, i) => `${at}${String(i % 3)}/${String(i)}.webp`).sort();
      for (const one of ['0', '1', '2']) await mkdir(fileOf(`${at}${one}`), { recursive: true });
      await Promise.all(wanted.map((key) => writeFile(fileOf(key), 'x')));
      const pages: number[] = [];
      for await (const objects of storage.list(at)) pages.push(objects.length);
      assert.deepEqual(pages, [1_000, 50]);
      assert.deepEqual(await keysBelow(storage, at), wanted);

      const seen: string[] = [];
      for await (const objects of storage.list(at)) {
        for (const { key } of objects) {
          seen.push(key);
          await storage.remove(key);
        }
      }
      assert.deepEqual(seen.sort(), wanted);
      assert.deepEqual(await keysBelow(storage, at), []);
    });

    it('removes an object, one that is not there too, and what lies below a folder but for what is kept', async () => {
      const keys = ['b/1', 'b/2', 'b/c/3', 'd'].map((key) => `${at}${key}`);
      for (const key of keys) await storage.put(key, Buffer.from('x'));
      await storage.remove(`${at}d`);
      await storage.remove(`${at}d`);
      assert.equal(await removeFolder(storage, `${at}b/`, [`${at}b/1`]), 2);
      assert.deepEqual(await keysBelow(storage, at), [`${at}b/1`]);
      assert.equal(await removeFolder(storage, `${at}b/`), 1);
      assert.equal(await removeFolder(storage, `${at}b/`), 0);
    });
  });
}

describe('the storage on S3', function () {
  this.timeout(s3TimeoutMs);
  let s3: TestS3;
  let opened: OpenedStorage;
  let storage: Storage;
  before(async () => {
    s3 = await startTestS3();
    opened = await openStorage(s3.settings);
    storage = opened.storage;
  });
  after(async () => {
    opened.close();
    await s3.close();
  });

  it('has bytes that changed on their way refused by the server', async () => {
    const bytes = Buffer.from('what was hashed');
    const putting = storage.put('damaged', bytes); // the hash is of the bytes as they are now
    bytes.write('W');
    await assert.rejects(putting, /did not match|does not match/);
    assert.equal(await storage.sizeOf('damaged'), null);
  });

  it('gives nobody bytes that changed where they lie', async () => {
    await storage.put('rotten', Buffer.from('what was stored'));
    const file = path.join(s3.bucketFolder, 'rotten');
    assert.equal(await readFile(file, 'utf8'), 'what was stored');
    await writeFile(file, 'What was stored');
    await assert.rejects(storage.get('rotten'), ObjectDamaged);
  });

  const withLine = async (
    work: (settings: S3StorageSettings, line: Awaited<ReturnType<typeof layLine>>) => Promise<void>,
  ) => {
    const line = await layLine();
    await work({ ...s3.settings, endpoint: line.through(s3.settings.endpoint ?? '') }, line).finally(line.cut);
  };

  it('is unavailable while its server is away, and works again when it is back', () =>
    withLine(async (settings, line) => {
      const { storage: far, close } = await openStorage(settings);
      await far.put('a', Buffer.from('x'));
      await line.cut();
      for (const ask of [
        () => far.put('b', Buffer.from('x')),
        () => far.get('a'),
        () => far.sizeOf('a'),
        () => far.remove('a'),
        () => keysBelow(far, ''),
      ]) {
        await assert.rejects(ask, StorageUnavailable);
      }
      await line.mend();
      assert.equal(await text(far, 'a'), 'x');
      close();
    }));

  it('is unavailable when its server says nothing', () =>
    withLine(async (settings, line) => {
      const { storage: far, close } = await openStorage({ ...settings, withinMs: 400 });
      line.silence();
      await assert.rejects(far.sizeOf('a'), StorageUnavailable);
      close();
    }));

  it('is unavailable while its bucket is gone, and does not say that objects are missing', async () => {
    await storage.put('kept', Buffer.from('x'));
    const aside = `${s3.bucketFolder}-aside`;
    await rename(s3.bucketFolder, aside);
    try {
      for (const ask of [
        () => storage.put('b', Buffer.from('x')),
        () => storage.get('kept'),
        () => storage.sizeOf('kept'),
        () => keysBelow(storage, ''),
      ]) {
        await assert.rejects(ask, StorageUnavailable);
      }
    } finally {
      await rename(aside, s3.bucketFolder);
    }
    assert.equal(await storage.sizeOf('kept'), 1);
    assert.equal(await storage.sizeOf('nothing'), null);
  });

  const xml = { 'Content-Type': 'application/xml' };
  const emptyBucket = answer(200, '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>', xml);
  const refusal = (status: number, code: string) =>
    answer(status, `<Error><Code>${code}</Code><Message>No.</Message></Error>`, xml);
  const proxysPage =
    '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>';
  const withAnswers = async (steps: [Step, ...Step[]], work: (settings: S3StorageSettings) => Promise<void>) => {
    const server = await startScriptedServer(...steps);
    await work({ ...s3.settings, endpoint: server.url }).finally(server.close);
  };

  for (const [what, step] of [
    ["a proxy's page", answer(502, proxysPage, { 'Content-Type': 'text/html' })],
    ["a proxy's line", answer(503, 'upstream connect error', { 'Content-Type': 'text/plain' })],
    ['JSON', answer(504, { message: 'Endpoint request timed out' })],
    ['a page that says to log in', answer(403, proxysPage, { 'Content-Type': 'text/html' })],
    ['RequestTimeout', refusal(400, 'RequestTimeout')],
    ['ThrottlingException', refusal(400, 'ThrottlingException')],
    ['OperationAborted', refusal(409, 'OperationAborted')],
    ['SlowDown', refusal(503, 'SlowDown')],
  ] as const) {
    it(`is unavailable while it is answered with ${what}`, () =>
      withAnswers([emptyBucket, step], async (settings) => {
        const { storage: far, close } = await openStorage(settings);
        const asked = [
          far.put('a', Buffer.from('x')),
          far.get('a'),
          far.remove('a'),
          keysBelow(far, ''), // not `sizeOf`: no answer to a HEAD has a body
        ];
        await Promise.all(asked.map((one) => assert.rejects(one, StorageUnavailable)));
        close();
      }));
  }

  it('fails for good where it is told that it may not', () =>
    withAnswers([emptyBucket, refusal(403, 'AccessDenied')], async (settings) => {
      const { storage: far, close } = await openStorage(settings);
      await assert.rejects(far.get('a'), { name: 'AccessDenied' });
      close();
    }));

  it("is not opened behind a proxy's page, and says so in a sentence", () =>
    withAnswers([answer(502, proxysPage, { 'Content-Type': 'text/html' })], (settings) =>
      assert.rejects(openStorage(settings), (error: unknown) => {
        assert.ok(error instanceof StartError);
        assert.match(
          error.message,
          /^The storage cannot be used: http:\S+ answers 502, and not as an S3 server does[^\n]*$/,
        );
        return true;
      }),
    ));

  it('takes an object whose time is not told for a young one', () => {
    const listing = '<ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>';
    return withAnswers([emptyBucket, answer(200, listing, xml)], async (settings) => {
      const { storage: far, close } = await openStorage(settings);
      for await (const [object] of far.list('')) {
        assert.ok(Math.abs((object?.writtenAt.getTime() ?? 0) - Date.now()) < 60_000);
      }
      close();
    });
  });

  for (const [what, wrong, sentence] of [
    ['a bucket that is not there', { bucket: 'nowhere' }, /there is no bucket nowhere at http.*S3_BUCKET/],
    [
      'a wrong secret',
      { credentials: { accessKeyId: 'doppel-tests', secretAccessKey: 'wrong' } },
      /answers SignatureDoesNotMatch.*credentials/,
    ],
    [
      'an unknown key',
      { credentials: { accessKeyId: 'nobody', secretAccessKey: 'wrong' } },
      /for the bucket doppel; are the credentials right/,
    ],
    ['a server that is not there', { endpoint: 'http://127.0.0.1:1' }, /http:\/\/127\.0\.0\.1:1 does not answer/],
  ] as const) {
    it(`is not opened with ${what}, and says so in a sentence`, async () => {
      await assert.rejects(openStorage({ ...s3.settings, ...wrong }), (error: unknown) => {
        assert.ok(error instanceof StartError);
        assert.match(error.message, sentence);
        assert.doesNotMatch(error.message, /\n|secret/);
        return true;
      });
    });
  }
});
