import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import sharp from 'sharp';
import { parseId } from '../../../src/domain/ids.ts';
import { mediaLimits } from '../../../src/domain/media.ts';
import { uploadUrls } from '../../../src/storage/upload-urls.ts';
import {
  call,
  createTenant,
  createTestKey,
  createTestProject,
  startTestApi,
  testSigningKey,
  type Reply,
  type Tenant,
  type TestApi,
} from '../../support/api.ts';
import { until } from '../../support/eventually.ts';
import { unknownId } from '../../support/builders.ts';
import { assertRefused, brokenRulesOf } from '../../support/refusals.ts';
import { filesIn, finalize, phonePhoto, plain, presign, put, upload } from '../../support/uploads.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('an upload', () => {
  let api: TestApi;
  let tenant: Tenant;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api.database);
  });

  const assets = async () => Number((await api.database('assets').count<{ count: string }[]>())[0]?.count);
  const download = async (url: string) => {
    const response = await fetch(url);
    assert.equal(response.status, 200);
    return { bytes: Buffer.from(await response.arrayBuffer()), type: response.headers.get('content-type') };
  };
  /** Asserts that finalizing was refused for what is in the file, and that nothing came of it. */
  const assertUnusable = async (send: () => Promise<Reply>, keyword: string, message?: RegExp) => {
    const before = await assets();
    const reply = await send();
    assert.equal(reply.status, 422, JSON.stringify(reply.body));
    assert.deepEqual(brokenRulesOf(reply), [['body.uploadId', keyword]]);
    if (message !== undefined) assert.match(reply.body.error.message, message);
    assert.equal(await assets(), before);
    assert.ok(!(await filesIn(api.storageFolder)).some((file) => file.includes('thumbnail') && before === 0));
  };

  it('becomes an asset: presign, PUT, finalize', async () => {
    const picture = await plain(40, 30).png().toBuffer();
    const presigned = await presign(api, tenant, { sizeBytes: picture.length, checksumSha256: sha256(picture) });
    assert.ok(presigned.url.startsWith(`${api.url}/uploads/`));
    assert.deepEqual(presigned.headers, { 'Content-Type': 'image/png' });
    assert.ok(Math.abs(Date.parse(presigned.expiresAt) - Date.now() - 3_600_000) < 60_000);
    const sent = await put(presigned, picture);
    assert.deepEqual([sent.status, sent.body], [204, undefined]);

    const { status, body } = await finalize(api, tenant, presigned.uploadId, { checksumSha256: sha256(picture) });
    assert.equal(status, 200);
    const stored = await download(body.url);
    assert.equal(stored.type, 'image/png');
    assert.deepEqual(
      [body.projectId, body.kind, body.mimeType, body.width, body.height, body.sizeBytes, body.checksumSha256],
      [tenant.projectId, 'reference_image', 'image/png', 40, 30, stored.bytes.length, sha256(stored.bytes)],
    );
    const thumbnail = await sharp((await download(body.thumbnailUrl)).bytes).metadata();
    assert.deepEqual([thumbnail.format, thumbnail.width, thumbnail.height], ['webp', 256, 256]);
    const read = await call(`${api.url}/v1/media/${String(body.assetId)}`, { key: tenant.key });
    assert.deepEqual(read.body, body);
  });

  it('keeps nothing of the file but the picture', async () => {
    const before = (await filesIn(api.storageFolder)).length;
    await upload(api, tenant, await plain().jpeg().toBuffer());
    await until('the bytes are gone', async () => (await filesIn(api.storageFolder)).length === before + 2);
  });

  it('is turned upright, and tells nobody where it was taken', async () => {
    const photo = await phonePhoto();
    const sent = await sharp(photo).metadata();
    assert.deepEqual([sent.width, sent.height, sent.orientation], [60, 40, 6]);
    assert.ok(sent.exif?.includes('Phone of the tests'));

    const { body } = await upload(api, tenant, photo, { mimeType: 'image/jpeg' });
    assert.deepEqual([body.mimeType, body.width, body.height], ['image/jpeg', 40, 60]);
    const { bytes } = await download(body.url);
    const stored = await sharp(bytes).metadata();
    assert.deepEqual(
      [stored.width, stored.height, stored.orientation, stored.exif, stored.xmp, stored.iptc, stored.icc],
      [40, 60, undefined, undefined, undefined, undefined, undefined],
    );
    assert.ok(!bytes.includes('Exif') && !bytes.includes('Phone of the tests'));
    // What was above is on the right.
    const pixel = async (left: number) =>
      [...(await sharp(bytes).extract({ left, top: 30, width: 1, height: 1 }).raw().toBuffer())].map((value) =>
        Math.round(value / 255),
      );
    assert.deepEqual(
      [await pixel(5), await pixel(35)],
      [
        [0, 0, 1],
        [1, 0, 0],
      ],
    );
  });

  for (const [what, make, mimeType] of [
    ['a PNG', () => plain().png().toBuffer(), 'image/png'],
    ['a JPEG', () => plain().jpeg().toBuffer(), 'image/jpeg'],
    ['a WebP', () => plain().webp().toBuffer(), 'image/webp'],
    ['one pixel', () => plain(1, 1).png().toBuffer(), 'image/png'],
    ['a line of pixels', () => plain(16_000, 1).png().toBuffer(), 'image/png'],
    ['a grey picture of 16 bits', () => plain().toColourspace('grey16').png().toBuffer(), 'image/png'],
    ['a JPEG for print', () => plain().toColourspace('cmyk').jpeg().toBuffer(), 'image/jpeg'],
  ] as const) {
    it(`takes ${what}, and goes by its bytes whatever it was called`, async () => {
      const picture = await make();
      const { width, height } = await sharp(picture).metadata();
      for (const called of ['image/png', 'image/jpeg', 'image/webp']) {
        const { status, body } = await upload(api, tenant, picture, { mimeType: called, filename: 'a.txt' });
        assert.deepEqual([status, body.mimeType, body.width, body.height], [200, mimeType, width, height]);
      }
      const { bytes } = await download((await upload(api, tenant, picture)).body.url);
      const { space, depth } = await sharp(bytes).metadata();
      assert.deepEqual([['srgb', 'b-w'].includes(space), depth], [true, 'uchar']);
    });
  }

  it('of an animation becomes its first frame', async () => {
    const frames = Buffer.concat([Buffer.alloc(20 * 20 * 3, 255), Buffer.alloc(20 * 20 * 3, 0)]);
    const animation = await sharp(frames, { raw: { width: 20, height: 40, channels: 3, pageHeight: 20 } })
      .webp({ loop: 0, delay: [100, 100] })
      .toBuffer();
    assert.equal((await sharp(animation).metadata()).pages, 2);
    const { body } = await upload(api, tenant, animation);
    assert.deepEqual([body.width, body.height], [20, 20]);
    assert.equal((await sharp((await download(body.url)).bytes).metadata()).pages, undefined);
  });

  it('keeps the picture of a polyglot, and nothing of its other half', async () => {
    const html = Buffer.from('<html><script>alert(1)</script></html>');
    const picture = await plain().jpeg().toBuffer();
    const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, html.length + 2]), html]);
    const polyglot = Buffer.concat([picture.subarray(0, 2), comment, picture.subarray(2), html]);
    const { status, body } = await upload(api, tenant, polyglot, { mimeType: 'image/jpeg' });
    assert.equal(status, 200);
    assert.ok(!(await download(body.url)).bytes.includes('script'));
  });

  const svg = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
  );
  for (const [what, make, rule] of [
    ['SVG', () => Promise.resolve(svg), 'picture'],
    ['HTML', () => Promise.resolve(Buffer.from('<!doctype html><title>picture</title>')), 'picture'],
    ['a GIF', () => plain().gif().toBuffer(), 'picture'],
    ['a TIFF', () => plain().tiff().toBuffer(), 'picture'],
    ['an AVIF', () => plain().avif().toBuffer(), 'picture'],
    ['SVG behind the first bytes of a PNG', async () => Buffer.concat([await start('png'), svg]), 'picture'],
    ['half a JPEG', async () => half(await noise().jpeg().toBuffer()), 'picture'],
    ['half a PNG', async () => half(await noise().png().toBuffer()), 'picture'],
    ['half a WebP', async () => half(await noise().webp().toBuffer()), 'picture'],
    ['one byte', () => Promise.resolve(Buffer.from('x')), 'picture'],
    ['50 megapixels', () => plain(10_000, 5_000).png().toBuffer(), 'megapixels'],
    ['a PNG bomb', () => plain(12_000, 12_000).png({ compressionLevel: 9 }).toBuffer(), 'megapixels'],
    ['a header that says more than there is', async () => bigHeader(await plain().png().toBuffer()), 'megapixels'],
    [
      'an interlaced picture that takes too much memory',
      () => plain(6_000, 5_000).ensureAlpha().toColourspace('rgb16').png({ progressive: true }).toBuffer(),
      'megapixels',
    ],
  ] as const) {
    it(`is refused when it is ${what}, whatever it was called`, async function () {
      this.timeout(120_000);
      const bytes = await make();
      const presigned = await presign(api, tenant, { filename: 'picture.png' });
      assert.equal((await put(presigned, bytes)).status, 204);
      await assertUnusable(() => finalize(api, tenant, presigned.uploadId), rule);
    });
  }

  it('may be put again until it is finalized, and not after', async () => {
    const presigned = await presign(api, tenant);
    await put(presigned, 'no picture');
    await assertUnusable(() => finalize(api, tenant, presigned.uploadId), 'picture');
    await put(presigned, await plain(8, 9).png().toBuffer());
    const { body } = await finalize(api, tenant, presigned.uploadId);
    assert.deepEqual([body.width, body.height], [8, 9]);

    const late = await put(presigned, await plain(7, 7).png().toBuffer());
    assertRefused(late, {
      status: 409,
      code: 'CONFLICT',
      message: 'The upload is finalized: its bytes cannot change any more.',
    });
    assert.deepEqual((await finalize(api, tenant, presigned.uploadId)).body, body);
  });

  it('is incomplete before its bytes are there, and stores nothing then', async () => {
    const { uploadId } = await presign(api, tenant);
    assertRefused(await finalize(api, tenant, uploadId, {}, { 'Idempotency-Key': 'early' }), {
      status: 409,
      code: 'UPLOAD_INCOMPLETE',
      message: 'The bytes of this upload are not there yet.',
    });
    assert.equal((await api.database('assets').where({ project_id: parseId('project', tenant.projectId) })).length, 0);
  });

  it('is checked against the checksum that was said, before and at the end', async () => {
    const picture = await plain().png().toBuffer();
    const wrong = sha256(Buffer.from('another'));
    const first = await presign(api, tenant, { checksumSha256: wrong });
    await put(first, picture);
    await assertUnusable(() => finalize(api, tenant, first.uploadId), 'checksumSha256');

    const second = await presign(api, tenant);
    await put(second, picture);
    const early = await finalize(api, tenant, second.uploadId, { checksumSha256: wrong });
    assert.deepEqual([early.status, brokenRulesOf(early)], [422, [['body.checksumSha256', 'checksumSha256']]]);
    const checksumSha256 = sha256(picture).toUpperCase();
    assert.equal((await finalize(api, tenant, second.uploadId, { checksumSha256 })).status, 200);
    assert.equal((await finalize(api, tenant, second.uploadId, { checksumSha256: wrong })).status, 422);
  });

  it('is one asset however often it is finalized, at the same time too', async () => {
    const presigned = await presign(api, tenant);
    await put(presigned, await plain().png().toBuffer());
    const replies = await Promise.all(Array.from({ length: 6 }, () => finalize(api, tenant, presigned.uploadId)));
    assert.deepEqual([...new Set(replies.map(({ status }) => status))], [200]);
    assert.equal(new Set(replies.map(({ body }) => String(body.assetId))).size, 1);
    const rows = await api.database('assets').where({ project_id: parseId('project', tenant.projectId) });
    assert.equal(rows.length, 1);
  });

  it('is presigned and finalized once under an Idempotency-Key', async () => {
    const body = { kind: 'image', mimeType: 'image/png' };
    const path = `${api.url}/v1/projects/${tenant.projectId}/media/presign`;
    const headers = { 'Idempotency-Key': 'presign' };
    const [first, again] = [
      await call(path, { key: tenant.key, body, headers }),
      await call(path, { key: tenant.key, body, headers }),
    ];
    assert.deepEqual([again.status, again.body], [201, first.body]);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');

    await put(first.body, await plain().png().toBuffer());
    const key = { 'Idempotency-Key': 'finalize' };
    const finished = await finalize(api, tenant, first.body.uploadId, {}, key);
    const repeated = await finalize(api, tenant, first.body.uploadId, {}, key);
    assert.deepEqual([repeated.status, repeated.body], [200, finished.body]);
    assert.equal(repeated.headers.get('idempotent-replayed'), 'true');
    assert.equal((await finalize(api, tenant, unknownId('upload'), {}, key)).body.error.code, 'IDEMPOTENCY_CONFLICT');
  });

  it('of another project, environment or organization is not there', async () => {
    const presigned = await presign(api, tenant);
    await put(presigned, await plain().png().toBuffer());
    const missing = { status: 404, code: 'NOT_FOUND', message: 'Upload not found.' } as const;
    const otherProject = await createTestProject(api.database, tenant.organizationId);
    assertRefused(await finalize(api, { ...tenant, projectId: otherProject }, presigned.uploadId), missing);
    assertRefused(await finalize(api, await createTenant(api.database), presigned.uploadId), missing);
    assertRefused(await finalize(api, tenant, unknownId('upload')), missing);

    const key = await createTestKey(api.database, tenant.organizationId, { environment: 'test' });
    const projectId = await createTestProject(api.database, tenant.organizationId, 'test');
    assertRefused(await finalize(api, { key, projectId }, presigned.uploadId), missing);
    const hidden = { status: 404, code: 'NOT_FOUND', message: 'Project not found.' } as const;
    assertRefused(await finalize(api, { ...tenant, key }, presigned.uploadId), hidden);
  });

  it('is neither begun nor finished in an archived project', async () => {
    const presigned = await presign(api, tenant);
    await put(presigned, await plain().png().toBuffer());
    const done = await presign(api, tenant);
    await put(done, await plain().png().toBuffer());
    const { body } = await finalize(api, tenant, done.uploadId);
    await api
      .database('projects')
      .where({ id: parseId('project', tenant.projectId) })
      .update({ status: 'archived', archived_at: new Date() });
    const archived = { status: 409, code: 'CONFLICT', message: 'The project is archived.' } as const;
    assertRefused(await finalize(api, tenant, presigned.uploadId), archived);
    assertRefused(
      await call(`${api.url}/v1/projects/${tenant.projectId}/media/presign`, {
        key: tenant.key,
        body: { kind: 'image', mimeType: 'image/png' },
      }),
      archived,
    );
    assert.deepEqual((await finalize(api, tenant, done.uploadId)).body, body, 'what is done stays so');
  });

  it('refuses what is no picture type, no size and no checksum', async () => {
    const reply = await call(`${api.url}/v1/projects/${tenant.projectId}/media/presign`, {
      key: tenant.key,
      body: { kind: 'video', mimeType: 'image/gif', sizeBytes: mediaLimits.uploadBytes + 1, checksumSha256: 'x' },
    });
    assert.equal(reply.status, 422);
    assert.deepEqual(brokenRulesOf(reply), [
      ['body.checksumSha256', 'pattern'],
      ['body.kind', 'enum'],
      ['body.mimeType', 'enum'],
      ['body.sizeBytes', 'maximum'],
    ]);
  });

  describe('PUT /uploads/…', () => {
    /** Sends a head and, of the body, what is given: whoever is refused is answered before the rest comes. */
    const putRaw = (url: string, headers: Record<string, string>, body: Uint8Array = Buffer.of()) =>
      new Promise<{ status: number; body: string }>((resolve, reject) => {
        const sending = request(url, { method: 'PUT', headers }, (response) => {
          text(response).then((answer) => {
            resolve({ status: response.statusCode ?? 0, body: answer });
            sending.destroy();
          }, reject);
        });
        sending.on('error', reject);
        sending.flushHeaders();
        sending.write(body);
      });
    const codeOf = ({ body }: { body: string }) => (JSON.parse(body) as { error: { code: string } }).error.code;

    it('refuses a file of more than 20 MB before it is sent', async () => {
      const { url, headers } = await presign(api, tenant);
      const reply = await putRaw(url, { ...headers, 'Content-Length': String(mediaLimits.uploadBytes + 1) });
      assert.deepEqual([reply.status, codeOf(reply)], [413, 'PAYLOAD_TOO_LARGE']);
    });

    it('takes a file of just 20 MB', async () => {
      const presigned = await presign(api, tenant, { sizeBytes: mediaLimits.uploadBytes });
      assert.equal((await put(presigned, Buffer.alloc(mediaLimits.uploadBytes))).status, 204);
    });

    it('refuses another size than was presigned, or none, before it is sent', async () => {
      const { url, headers } = await presign(api, tenant, { sizeBytes: 1_000 });
      for (const length of ['999', '1001', '0']) {
        const reply = await putRaw(url, { ...headers, 'Content-Length': length });
        assert.deepEqual([reply.status, codeOf(reply)], [422, 'VALIDATION'], length);
      }
      const chunked = await putRaw(url, { ...headers, 'Transfer-Encoding': 'chunked' });
      assert.deepEqual([chunked.status, codeOf(chunked)], [422, 'VALIDATION']);
    });

    it('refuses another type than was presigned', async () => {
      const presigned = await presign(api, tenant);
      for (const type of ['image/jpeg', 'text/html', 'image/png; charset=utf-8']) {
        const reply = await put(presigned, 'x', { headers: { 'Content-Type': type } });
        assert.deepEqual([reply.status, reply.body.error.code], [415, 'UNSUPPORTED_MEDIA_TYPE'], type);
      }
    });

    it('leaves nothing of what breaks off, and keeps what was there', async () => {
      const presigned = await presign(api, tenant);
      const picture = await plain(5, 5).png().toBuffer();
      await put(presigned, picture);
      const before = (await filesIn(api.storageFolder)).sort();
      await new Promise<void>((resolve) => {
        const sending = request(presigned.url, {
          method: 'PUT',
          headers: { ...presigned.headers, 'Content-Length': '100000' },
        });
        sending.on('error', () => {
          resolve();
        });
        sending.write(Buffer.alloc(50_000), () => setTimeout(() => sending.destroy(new Error('gone')), 100));
      });
      await until('nothing is left', async () => (await filesIn(api.storageFolder)).sort().join() === before.join());
      assert.equal((await finalize(api, tenant, presigned.uploadId)).body.width, 5);
    });

    it('refuses a URL whose time is over, or in which anything was changed', async () => {
      const { url } = await presign(api, tenant, { sizeBytes: 3 });
      const key = new URL(url).pathname.replace('/uploads/', '');
      const signed = uploadUrls(api.url, [testSigningKey]);
      const promised = { key, mimeType: 'image/png', sizeBytes: 3, sha256: null };
      const endingIn = (ms: number) => ({ now: new Date(), expiresAt: new Date(Date.now() + ms) });
      const good = await signed.make(promised, endingIn(60_000));
      const otherKey = await signed.make({ ...promised, key: key.replace('bytes', 'other') }, endingIn(60_000));
      const expired = await signed.make(promised, endingIn(-1_000));
      const changed = (change: (at: URL) => void) => {
        const at = new URL(good.url);
        change(at);
        return at.href;
      };
      const at = (name: string, value: string) =>
        changed((one) => {
          one.searchParams.set(name, value);
        });
      for (const bad of [
        expired.url,
        otherKey.url, // signed, and no upload's
        at('expires', '9999999999'),
        at('type', 'image/webp'),
        at('size', '4'),
        at('key', 'nobody'),
        at('signature', 'AAAA'),
        changed((one) => {
          one.searchParams.delete('size');
        }),
        changed((one) => (one.pathname = one.pathname.replace('uploads', 'files'))),
        `${api.url}/uploads/${key}`,
        `${api.url}/uploads/`,
        `${api.url}/uploads/../files/x`,
      ]) {
        const reply = await call(bad, { method: 'PUT', body: 'abc', headers: { 'Content-Type': 'image/png' } });
        assert.ok([404, 405].includes(reply.status), `${bad} ${String(reply.status)}`);
      }
      assert.equal((await call(good.url, { method: 'PUT', body: 'abc', headers: good.headers })).status, 204);
    });

    it('takes no other method, and gives the bytes to nobody', async () => {
      const presigned = await presign(api, tenant);
      await put(presigned, 'abc');
      for (const method of ['GET', 'POST', 'DELETE']) {
        const reply = await call(presigned.url, { method });
        assert.deepEqual([reply.status, reply.headers.get('allow')], [405, 'PUT'], method);
      }
    });
  });

  const noise = () =>
    sharp({
      create: {
        width: 200,
        height: 200,
        channels: 3,
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
        background: 'black',
      },
    });
  const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);
  const start = async (format: 'png') => (await plain()[format]().toBuffer()).subarray(0, 8);
  /** Says 30,000 × 30,000 in the header of a PNG, with the right checksum. */
  function bigHeader(png: Buffer): Buffer {
    const bytes = Buffer.from(png);
    bytes.writeUInt32BE(30_000, 16);
    bytes.writeUInt32BE(30_000, 20);
    let crc = 0xffffffff;
    for (const byte of bytes.subarray(12, 29)) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    bytes.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 29);
    return bytes;
  }
});
