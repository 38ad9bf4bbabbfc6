import assert from 'node:assert/strict';
import { signedUrls, type SigningKey } from '../../src/storage/signed-urls.ts';
import { uploadUrls } from '../../src/storage/upload-urls.ts';

const first: SigningKey = { id: 'first', secret: 'a secret of the tests, long enough' };
const second: SigningKey = { id: 'second', secret: 'another secret of the tests, as long' };
const publicUrl = 'https://api.example.com/doppel';
const key = 'org/uploads/upload/bytes';
const now = new Date('2026-02-03T04:05:06.000Z');
const end = new Date('2026-02-03T05:05:06.000Z');

describe('the URL of an upload', () => {
  const urls = uploadUrls(publicUrl, [first]);
  const promised = { key, mimeType: 'image/png', sizeBytes: 5 };
  const validity = { now, expiresAt: end };
  const queryOf = async (upload = promised as { key: string; mimeType: string; sizeBytes: number | null }) =>
    new URL((await urls.make({ ...upload, sha256: null }, validity)).url).searchParams;

  it('is below the public URL, and says how the bytes are to be sent', async () => {
    const { method, url, headers } = await urls.make({ ...promised, sha256: null }, validity);
    assert.ok(url.startsWith(`${publicUrl}/uploads/${key}?`));
    assert.deepEqual([method, headers], ['PUT', { 'Content-Type': 'image/png' }]);
  });

  it('gives back what was promised, until its time is over', async () => {
    for (const upload of [promised, { ...promised, sizeBytes: null }]) {
      const query = await queryOf(upload);
      assert.deepEqual(urls.promiseOf(key, query, now), upload);
      assert.deepEqual(urls.promiseOf(key, query, new Date(end.getTime() - 1)), upload);
      assert.equal(urls.promiseOf(key, query, end), null);
    }
  });

  it('allows nothing with anything changed', async () => {
    for (const [name, value] of [
      ['expires', '1999999999'],
      ['type', 'image/webp'],
      ['size', '6'],
      ['size', null],
      ['signature', 'AAAA'],
      ['signature', null],
      ['key', 'second'],
    ] as const) {
      const query = await queryOf();
      if (value === null) query.delete(name);
      else query.set(name, value);
      assert.equal(urls.promiseOf(key, query, now), null, `${name} ${String(value)}`);
    }
    assert.equal(urls.promiseOf(`${key}x`, await queryOf(), now), null);
  });

  it('opens no picture, and the URL of a picture takes no bytes', async () => {
    const pictures = signedUrls(publicUrl, [first]);
    assert.equal(pictures.expiryOf(key, await queryOf(), now), null);
    assert.equal(urls.promiseOf(key, new URL(pictures.urlOf(key, now)).searchParams, now), null);
  });

  it('is signed by the first key and taken with any', async () => {
    const query = await queryOf();
    assert.deepEqual(uploadUrls(publicUrl, [second, first]).promiseOf(key, query, now), promised);
    assert.equal(uploadUrls(publicUrl, [second]).promiseOf(key, query, now), null);
  });
});
