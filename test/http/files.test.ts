import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { hourOf, signedUrls, type SignedUrls } from '../../src/storage/signed-urls.ts';
import { startTestApi, testSigningKey, type TestApi } from '../support/api.ts';

const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
const key = 'organization/job/1/portrait/picture.webp';

describe('GET /files/…', () => {
  let api: TestApi;
  let urls: SignedUrls;
  let url: string;

  before(async () => {
    api = await startTestApi();
    urls = signedUrls(api.url, [testSigningKey]);
    await api.storage.put(key, bytes);
    url = urls.urlOf(key, new Date());
  });
  after(() => api.close());

  const open = async (at: string, init: RequestInit = {}) => {
    const response = await fetch(at, init);
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
  };
  const assertHidden = ({ status, headers, bytes: body }: Awaited<ReturnType<typeof open>>, what: string) => {
    assert.equal(status, 404, what);
    const { error } = JSON.parse(body.toString()) as { error: { code: string; requestId: string } };
    assert.deepEqual([error.code, error.requestId], ['NOT_FOUND', headers.get('x-request-id')]);
    assert.doesNotMatch(headers.get('cache-control') ?? '', /immutable|max-age=[1-9]/, what);
  };
  /** Sends a path as it stands, which fetch would tidy up. */
  const openRaw = async (rawPath: string) => {
    const { hostname, port } = new URL(api.url);
    return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      request({ hostname, port, path: rawPath }, (response) => {
        text(response).then((body) => {
          resolve({ status: response.statusCode, body });
        }, reject);
      })
        .on('error', reject)
        .end();
    });
  };

  it('gives the picture, which may be kept until the URL ends', async () => {
    const reply = await open(url);
    assert.equal(reply.status, 200);
    assert.ok(reply.bytes.equals(bytes));
    assert.equal(reply.headers.get('content-type'), 'image/webp');
    assert.equal(reply.headers.get('content-length'), '1000');
    assert.equal(reply.headers.get('accept-ranges'), 'bytes');
    assert.equal(reply.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(reply.headers.get('content-security-policy'), `default-src 'none'`);
    assert.match(reply.headers.get('x-request-id') ?? '', /^req_/);
    const [, maxAge] = /^private, max-age=(\d+), immutable$/.exec(reply.headers.get('cache-control') ?? '') ?? [];
    const expires = Number(new URL(url).searchParams.get('expires'));
    assert.ok(Math.abs(Number(maxAge) - (expires - Date.now() / 1000)) < 30, maxAge);
  });

  it('answers HEAD with the same headers and no bytes', async () => {
    const reply = await open(url, { method: 'HEAD' });
    assert.deepEqual([reply.status, reply.bytes.length], [200, 0]);
    assert.equal(reply.headers.get('content-length'), '1000');
    assert.equal(reply.headers.get('content-type'), 'image/webp');
  });

  for (const [range, from, to] of [
    ['bytes=0-99', 0, 100],
    ['bytes=900-', 900, 1000],
    ['bytes=-10', 990, 1000],
    ['bytes=0-5000', 0, 1000],
  ] as const) {
    it(`gives a part: ${range}`, async () => {
      const reply = await open(url, { headers: { Range: range } });
      assert.equal(reply.status, 206);
      assert.equal(reply.headers.get('content-range'), `bytes ${String(from)}-${String(to - 1)}/1000`);
      assert.ok(reply.bytes.equals(bytes.subarray(from, to)));
    });
  }

  it('refuses a part that is not there, and tells how much is', async () => {
    const reply = await open(url, { headers: { Range: 'bytes=1000-' } });
    assert.equal(reply.status, 416);
    assert.equal(reply.headers.get('content-range'), 'bytes */1000');
    assert.doesNotMatch(reply.headers.get('cache-control') ?? '', /immutable/);
    assert.match(reply.headers.get('x-request-id') ?? '', /^req_/);
  });

  it('answers 304 to whoever has the picture, and 412 to whoever wants another', async () => {
    const etag = (await open(url)).headers.get('etag') ?? '';
    const held = await open(url, { headers: { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' } });
    assert.deepEqual([held.status, held.bytes.length], [304, 0]);
    assert.equal((await open(url, { headers: { 'If-Match': '"another"' } })).status, 412);
  });

  it('hides what is not there behind the same answer as what may not be seen, and lets nobody keep it', async () => {
    assertHidden(await open(urls.urlOf('organization/job/1/portrait/other.webp', new Date())), 'missing');
    assertHidden(await open(urls.urlOf('organization/job', new Date())), 'a folder');
    assertHidden(await open(`${api.url}/files/${key}`), 'unsigned');
  });

  it('refuses a URL in which anything was changed', async () => {
    await api.storage.put('other.webp', bytes);
    const changed: Record<string, (at: URL) => void> = {
      'the picture': (at) => (at.pathname = '/files/other.webp'),
      'the end': (at) => {
        at.searchParams.set('expires', String(Number(at.searchParams.get('expires')) + 3600));
      },
      'the signature': (at) => {
        at.searchParams.set('signature', `A${at.searchParams.get('signature')?.slice(1) ?? ''}`);
      },
      'the signer': (at) => {
        at.searchParams.set('key', 'nobody');
      },
      'the path’s spelling': (at) => (at.pathname = at.pathname.replace('portrait', '%70ortrait')),
    };
    for (const [what, change] of Object.entries(changed)) {
      const at = new URL(url);
      change(at);
      assertHidden(await open(at.href), what);
    }
  });

  it('refuses a URL whose time is over', async () => {
    const twoHoursAgo = new Date((hourOf(new Date()) - 2) * 3_600_000);
    assertHidden(await open(urls.urlOf(key, twoHoursAgo)), 'expired');
  });

  it('gives nothing outside its folder and nothing hidden in it, even where the URL is signed', async () => {
    const secret = 'what nobody may read';
    const outside = `${path.basename(api.storageFolder)}-outside.txt`; // beside the folder
    const outsideFile = path.join(path.dirname(api.storageFolder), outside);
    await writeFile(outsideFile, secret);
    await writeFile(path.join(api.storageFolder, '.hidden'), secret);
    await mkdir(path.join(api.storageFolder, '.folder'));
    await writeFile(path.join(api.storageFolder, '.folder', 'inside.txt'), secret);
    const keys = [
      `../${outside}`,
      `a/../../${outside}`,
      `%2e%2e/${outside}`,
      `..%2f${outside}`,
      `%2e%2e%2f${outside}`,
      `..%5c${outside}`,
      `//../${outside}`,
      '.hidden',
      '%2ehidden',
      '.folder/inside.txt',
      'a/..%2f.hidden',
      'organization%00.webp',
      '%',
      '',
    ];
    for (const one of keys) {
      const { pathname, search } = { pathname: `/files/${one}`, search: new URL(urls.urlOf(one, new Date())).search };
      const { status, body } = await openRaw(`${pathname}${search}`);
      assert.equal(status, 404, one);
      assert.ok(!body.includes(secret) && !body.includes(api.storageFolder), one);
      assert.equal((await openRaw(pathname)).status, 404, one);
    }
    await rm(outsideFile);
  });

  it('takes no method that changes anything', async () => {
    for (const method of ['PUT', 'POST', 'DELETE', 'PATCH']) {
      const reply = await open(url, { method });
      assert.deepEqual([reply.status, reply.headers.get('allow')], [405, 'GET, HEAD'], method);
    }
    assert.ok((await open(url)).bytes.equals(bytes));
  });
});
