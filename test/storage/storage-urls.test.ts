// The URLs at which callers read and write bytes, through the API to files and at an S3 server itself.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { hourOf, signedUrls, type SignedUrls } from '../../src/storage/signed-urls.ts';
import { openStorage, type OpenedStorage } from '../../src/storage/open-storage.ts';
import { uploadKey, type UploadRequests } from '../../src/storage/storage.ts';
import { uploadUrls } from '../../src/storage/upload-urls.ts';
import { parseId } from '../../src/domain/ids.ts';
import { createTenant, startTestApi, testSigningKey, type Tenant, type TestApi } from '../support/api.ts';
import { s3TimeoutMs, startTestS3, type TestS3 } from '../support/s3-server.ts';
import { presign } from '../support/uploads.ts';

const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
const key = 'organization/job/1/portrait/picture.webp';
const sha256 = (of: Uint8Array) => createHash('sha256').update(of).digest('hex');
const hourMs = 3_600_000;
const endingIn = (ms: number) => ({ now: new Date(), expiresAt: new Date(Date.now() + ms) });

/** The URL with these parameters of its query set, or the path changed. */
function changed(url: string, { path, ...query }: Record<string, string>): string {
  const at = new URL(url);
  if (path !== undefined) at.pathname = at.pathname.replace(/[^/]+$/, path);
  for (const [name, value] of Object.entries(query)) {
    assert.ok(at.searchParams.has(name), name);
    at.searchParams.set(name, value);
  }
  return at.href;
}

/** Another signature of the same length. */
const otherSignature = (url: string, name: string) => {
  const signature = new URL(url).searchParams.get(name) ?? '';
  return `${signature.startsWith('0') ? '1' : '0'}${signature.slice(1)}`;
};

for (const kind of ['files', 's3'] as const) {
  describe(`the URLs of a storage on ${kind}`, function () {
    this.timeout(s3TimeoutMs);
    let s3: TestS3 | undefined;
    let api: TestApi;
    let opened: OpenedStorage;
    let urls: SignedUrls;
    let requests: UploadRequests;
    let tenant: Tenant;
    before(async () => {
      s3 = kind === 's3' ? await startTestS3() : undefined;
      api = await startTestApi(s3 === undefined ? {} : { storage: s3.settings });
      opened = await openStorage(api.storageSettings);
      urls = signedUrls(api.url, [testSigningKey]);
      requests = opened.kind === 's3' ? opened.uploadRequests : uploadUrls(api.url, [testSigningKey]);
      tenant = await createTenant(api.database);
      await api.storage.put(key, bytes);
      await api.storage.put(key.replace('picture', 'another'), bytes);
    });
    after(async () => {
      opened.close();
      await api.close();
      await s3?.close();
    });

    /** Opens a URL as browsers do, redirects and all. */
    const open = async (url: string, init: RequestInit = {}) => {
      const response = await fetch(url, init);
      return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
    };

    it('open a picture, whole and in part, for those who hold them', async () => {
      const url = urls.urlOf(key, new Date());
      assert.ok(url.startsWith(`${api.url}/files/`));
      const { status, headers, body } = await open(url);
      assert.deepEqual([status, headers.get('content-type'), body.equals(bytes)], [200, 'image/webp', true]);
      assert.match(headers.get('cache-control') ?? '', /^private, max-age=\d+, immutable$/);
      const head = await open(url, { method: 'HEAD' });
      assert.deepEqual([head.status, head.headers.get('content-length'), head.body.length], [200, '1000', 0]);
      const part = await open(url, { headers: { Range: 'bytes=900-' } });
      assert.deepEqual([part.status, part.body.equals(bytes.subarray(900))], [206, true]);
    });

    it('open nothing with anything changed, nor once their time is over', async () => {
      const url = urls.urlOf(key, new Date());
      const twoHoursAgo = new Date((hourOf(new Date()) - 2) * hourMs);
      for (const bad of [
        urls.urlOf(key, twoHoursAgo),
        changed(url, { path: 'another.webp' }),
        changed(url, { expires: String(Math.floor(Date.now() / 1000) + 9_000) }),
        changed(url, { signature: otherSignature(url, 'signature') }),
        changed(url, { key: 'nobody' }),
        `${api.url}/files/${key}`,
      ]) {
        for (const method of ['GET', 'HEAD']) {
          assert.equal((await fetch(bad, { method, redirect: 'manual' })).status, 404, bad);
        }
      }
    });

    describe('of an upload', () => {
      let upload: string;
      beforeEach(async () => {
        const { uploadId } = await presign(api, tenant);
        upload = uploadKey({ organizationId: tenant.organizationId, uploadId: parseId('upload', uploadId) });
      });

      const promised = (of: { sizeBytes?: number; sha256?: string } = {}) => ({
        ...{ key: upload, mimeType: 'image/png', sizeBytes: null, sha256: null, ...of },
      });
      const put = async (url: string, headers: Record<string, string>, body: Uint8Array = bytes) => {
        const response = await fetch(url, { method: 'PUT', headers, body });
        await response.arrayBuffer();
        return response.status;
      };
      const assertRefused = async (...sending: Parameters<typeof put>) => {
        const status = await put(...sending);
        assert.ok(status >= 400 && status < 500, String(status));
        assert.equal(await api.storage.sizeOf(upload), null);
      };

      it('take what was promised, and again until their time is over', async () => {
        for (const promise of [promised(), promised({ sizeBytes: bytes.length, sha256: sha256(bytes) })]) {
          const { method, url, headers } = await requests.make(promise, endingIn(60_000));
          assert.equal(method, 'PUT');
          assert.ok([200, 204].includes(await put(url, headers)));
          assert.ok([200, 204].includes(await put(url, headers)));
          assert.ok(bytes.equals(await api.storage.get(upload)));
        }
      });

      it('take no other type and no other size', async () => {
        const { url, headers } = await requests.make(promised({ sizeBytes: bytes.length }), endingIn(60_000));
        await assertRefused(url, { ...headers, 'Content-Type': 'text/html' });
        await assertRefused(url, {});
        await assertRefused(url, headers, bytes.subarray(1));
        await assertRefused(url, headers, Buffer.concat([bytes, bytes]));
      });

      it('take nothing with anything changed, nor once their time is over', async () => {
        const { url, headers } = await requests.make(promised({ sizeBytes: bytes.length }), endingIn(60_000));
        const expired = await requests.make(promised(), {
          now: new Date(Date.now() - 2 * hourMs),
          expiresAt: new Date(Date.now() - hourMs),
        });
        const [expires, signature] = kind === 's3' ? ['X-Amz-Expires', 'X-Amz-Signature'] : ['expires', 'signature'];
        await assertRefused(expired.url, expired.headers);
        await assertRefused(changed(expired.url, { [expires]: '99999999' }), expired.headers);
        await assertRefused(changed(url, { [signature]: otherSignature(url, signature) }), headers);
        await assertRefused(changed(url, { path: 'other' }), headers);
        await assertRefused(url.replace(/\?.*/, ''), headers);
      });

      it('open nothing', async () => {
        const { url, headers } = await requests.make(promised(), endingIn(60_000));
        assert.ok([200, 204].includes(await put(url, headers)));
        const { status, body } = await open(url);
        assert.ok([403, 405].includes(status), String(status));
        assert.ok(!body.equals(bytes));
      });
    });
  });
}

describe('the URLs of a storage on an S3 server', function () {
  this.timeout(s3TimeoutMs);
  let s3: TestS3;
  let api: TestApi;
  let opened: Extract<OpenedStorage, { kind: 's3' }>;
  before(async () => {
    s3 = await startTestS3();
    api = await startTestApi({ storage: s3.settings });
    const open = await openStorage(s3.settings);
    assert.ok(open.kind === 's3');
    opened = open;
    await opened.storage.put(key, bytes);
  });
  after(async () => {
    opened.close();
    await api.close();
    await s3.close();
  });

  const secondsOf = (url: string) => Number(new URL(url).searchParams.get('X-Amz-Expires'));
  const statusOf = async (url: string) => {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.status;
  };

  it('are good for four to five minutes, and never past the URL that led there', async () => {
    const now = new Date('2026-02-03T04:05:06.789Z');
    for (const [expiresAt, ends] of [
      ['2026-02-03T06:00:00.000Z', '2026-02-03T04:10:00.000Z'],
      ['2026-02-03T04:05:36.000Z', '2026-02-03T04:05:36.000Z'],
      ['2026-02-03T04:05:07.000Z', '2026-02-03T04:05:07.000Z'],
    ] as const) {
      const made = await opened.readUrls.make({ key, method: 'GET' }, { now, expiresAt: new Date(expiresAt) });
      assert.equal(made.expiresAt.toISOString(), ends);
      assert.equal(secondsOf(made.url), (Date.parse(ends) - Date.parse('2026-02-03T04:05:00Z')) / 1000);
    }
  });

  it('open nothing with anything changed, nor once their time is over', async () => {
    const { url } = await opened.readUrls.make({ key, method: 'GET' }, endingIn(hourMs));
    assert.equal(await statusOf(url), 200);
    const ended = { now: new Date(Date.now() - 301_000), expiresAt: new Date(Date.now() + hourMs) };
    for (const bad of [
      (await opened.readUrls.make({ key, method: 'GET' }, ended)).url,
      changed(url, { 'X-Amz-Expires': '86400' }),
      changed(url, { path: 'another.webp' }),
      changed(url, { 'response-cache-control': 'public' }),
      changed(url, { 'X-Amz-Signature': otherSignature(url, 'X-Amz-Signature') }),
      url.replace(/\?.*/, ''),
    ]) {
      assert.equal(await statusOf(bad), 403, bad);
    }
  });

  it('of an upload take no bytes but those of which the checksum was said', async () => {
    const promised = { key: 'upload', mimeType: 'image/png', sizeBytes: bytes.length, sha256: sha256(bytes) };
    const { url, headers } = await opened.uploadRequests.make(promised, endingIn(60_000));
    assert.deepEqual(headers, {
      'Content-Type': 'image/png',
      'x-amz-checksum-sha256': createHash('sha256').update(bytes).digest('base64'),
    });
    const put = async (body: Uint8Array, given: Record<string, string>) => {
      const response = await fetch(url, { method: 'PUT', headers: given, body });
      await response.arrayBuffer();
      return response.status;
    };
    const others = Buffer.from(bytes).fill(1);
    assert.equal(await put(others, headers), 400);
    assert.equal(await put(others, { 'Content-Type': 'image/png' }), 403);
    assert.equal(
      await put(others, { ...headers, 'x-amz-checksum-sha256': createHash('sha256').update(others).digest('base64') }),
      403,
    );
    assert.equal(await opened.storage.sizeOf('upload'), null);
    assert.equal(await put(bytes, headers), 200);
  });

  it('lead to where callers reach the server, if that is elsewhere', async () => {
    const elsewhere = await openStorage({ ...s3.settings, publicEndpoint: 'https://storage.example.com' });
    assert.ok(elsewhere.kind === 's3');
    const read = await elsewhere.readUrls.make({ key, method: 'GET' }, endingIn(hourMs));
    const upload = { key: 'upload', mimeType: 'image/png', sizeBytes: null, sha256: null };
    const write = await elsewhere.uploadRequests.make(upload, endingIn(hourMs));
    for (const { url } of [read, write]) assert.ok(url.startsWith('https://storage.example.com/doppel/'), url);
    elsewhere.close();
  });

  it('of an upload say that they end with the credentials, where that is earlier', async () => {
    const expiration = new Date(Math.floor(Date.now() / 1000) * 1000 + 600_000);
    const { credentials } = s3.settings;
    assert.ok(typeof credentials === 'object');
    const passing = await openStorage({ ...s3.settings, credentials: { ...credentials, expiration } });
    assert.ok(passing.kind === 's3');
    const upload = { key: 'upload', mimeType: 'image/png', sizeBytes: null, sha256: null };
    const { url, expiresAt } = await passing.uploadRequests.make(upload, endingIn(hourMs));
    assert.deepEqual(expiresAt, expiration);
    assert.ok(secondsOf(url) <= 600);
    passing.close();
  });

  it('stay the same for a minute, so that a browser finds what it has', async () => {
    const minute = Date.UTC(2026, 10, 24, 12, 30);
    const urlAt = async (ms: number) => {
      const validity = { now: new Date(minute + ms), expiresAt: new Date(minute + hourMs) };
      return (await opened.readUrls.make({ key, method: 'GET' }, validity)).url;
    };
    assert.equal(await urlAt(0), await urlAt(59_999));
    assert.notEqual(await urlAt(0), await urlAt(60_000));
  });

  it('come by a redirect that whoever keeps it can still follow for a minute', async () => {
    const url = signedUrls(api.url, [testSigningKey]).urlOf(key, new Date());
    for (const method of ['GET', 'HEAD']) {
      const response = await fetch(url, { method, redirect: 'manual' });
      assert.equal(response.status, 302);
      assert.equal(await response.text(), '');
      const target = response.headers.get('location') ?? '';
      assert.ok(target.startsWith(`${s3.settings.endpoint ?? ''}/doppel/${key}?`));
      const [, maxAge] = /^private, max-age=(\d+)$/.exec(response.headers.get('cache-control') ?? '') ?? [];
      assert.ok(Number(maxAge) >= 180 && Number(maxAge) <= 240, maxAge);
      assert.equal(response.headers.get('cross-origin-resource-policy'), 'cross-origin');
      assert.equal((await fetch(target, { method })).status, 200);
    }
  });
});
