import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import sharp from 'sharp';
import { DoppelClient } from '../../../src/client/index.ts';
import { parseId } from '../../../src/domain/ids.ts';
import { mediaLimits } from '../../../src/domain/media.ts';
import { uploadKey } from '../../../src/storage/storage.ts';
import { call, createTenant, startTestApi, type Tenant, type TestApi } from '../../support/api.ts';
import { gate } from '../../support/gate.ts';
import { until } from '../../support/eventually.ts';
import { assertRefused, brokenRulesOf } from '../../support/refusals.ts';
import { startS3Proxy } from '../../support/s3-proxy.ts';
import { s3TimeoutMs, startTestS3, type TestS3 } from '../../support/s3-server.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { layLine, type SeverableLine } from '../../support/severable-line.ts';
import { keysBelow } from '../../support/stored-keys.ts';
import { filesIn, finalize, plain, presign, type Presigned } from '../../support/uploads.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('an upload to an S3 server', function () {
  this.timeout(s3TimeoutMs);
  let s3: TestS3;
  let line: SeverableLine;
  let on: TestDatabase;
  let api: TestApi;
  let tenant: Tenant;
  before(async () => {
    s3 = await startTestS3();
    line = await layLine();
    const endpoint = line.through(s3.settings.endpoint ?? '');
    on = await createTestDatabase();
    api = await startTestApi({ on, storage: { ...s3.settings, endpoint, publicEndpoint: s3.settings.endpoint } });
  });
  after(async () => {
    await api.close();
    await on.drop();
    await line.cut();
    await s3.close();
  });
  beforeEach(async () => {
    tenant = await createTenant(api.database);
  });

  const put = async ({ url, headers }: Presigned, body: Uint8Array) => {
    const response = await fetch(url, { method: 'PUT', headers, body });
    await response.arrayBuffer();
    return response.status;
  };
  const download = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer());
  const keyOf = ({ uploadId }: Presigned) =>
    uploadKey({ organizationId: tenant.organizationId, uploadId: parseId('upload', uploadId) });
  const assets = () => api.database('assets').where({ organization_id: tenant.organizationId });

  it('becomes an asset: presign, PUT there, finalize, and opens where its record says', async () => {
    const picture = await plain(40, 30).png().toBuffer();
    const presigned = await presign(api, tenant, { sizeBytes: picture.length, checksumSha256: sha256(picture) });
    assert.ok(presigned.url.startsWith(`${s3.settings.endpoint ?? ''}/doppel/`));
    assert.deepEqual(Object.keys(presigned.headers), ['Content-Type', 'x-amz-checksum-sha256']);
    assert.ok(Math.abs(Date.parse(presigned.expiresAt) - Date.now() - 3_600_000) < 60_000);
    assert.equal(await put(presigned, picture), 200);

    const { status, body } = await finalize(api, tenant, presigned.uploadId, { checksumSha256: sha256(picture) });
    assert.equal(status, 200);
    assert.ok(String(body.url).startsWith(`${api.url}/files/`));
    const stored = await download(body.url);
    assert.deepEqual([body.sizeBytes, body.checksumSha256], [stored.length, sha256(stored)]);
    const thumbnail = await sharp(await download(body.thumbnailUrl)).metadata();
    assert.deepEqual([thumbnail.format, thumbnail.width], ['webp', 256]);
    await until(
      'the bytes are gone',
      async () => (await keysBelow(api.storage, `${tenant.organizationId}/`)).length === 2,
    );
    assert.deepEqual(await filesIn(api.storageFolder), []);
  });

  it('is one call of the client', async () => {
    const doppel = new DoppelClient({ baseUrl: api.url, apiKey: tenant.key });
    const picture = await plain(9, 8).webp().toBuffer();
    const { width, height } = await doppel.media.upload(tenant.projectId, picture, {
      ...{ kind: 'image', mimeType: 'image/webp', checksumSha256: sha256(picture) },
    });
    assert.deepEqual([width, height], [9, 8]);
  });

  it('is incomplete before its bytes are there', async () => {
    const { uploadId } = await presign(api, tenant);
    assertRefused(await finalize(api, tenant, uploadId), {
      status: 409,
      code: 'UPLOAD_INCOMPLETE',
      message: 'The bytes of this upload are not there yet.',
    });
  });

  it('is refused when it has more than 20 MB, where no size was said before', async () => {
    const presigned = await presign(api, tenant);
    assert.equal(await put(presigned, Buffer.alloc(mediaLimits.uploadBytes + 1)), 200);
    const reply = await finalize(api, tenant, presigned.uploadId);
    assert.deepEqual([reply.status, brokenRulesOf(reply)], [422, [['body.uploadId', 'maxLength']]]);
    assert.match(reply.body.error.message, /at most 20 MB/);
    assert.deepEqual(await assets(), []);

    assert.equal(await put(presigned, await plain(5, 5).png().toBuffer()), 200);
    assert.equal((await finalize(api, tenant, presigned.uploadId)).body.width, 5);
  });

  it('takes no other size than was said, so that a file may be refused before it is stored', async () => {
    const presigned = await presign(api, tenant, { sizeBytes: 1_000 });
    assert.equal(await put(presigned, Buffer.alloc(1_001)), 403);
    assert.equal(await api.storage.sizeOf(keyOf(presigned)), null);
  });

  it('stays what it was when it was finalized, whatever is put there later', async () => {
    const presigned = await presign(api, tenant);
    await put(presigned, await plain(8, 9).png().toBuffer());
    const { body } = await finalize(api, tenant, presigned.uploadId);
    const before = await download(body.url);
    assert.equal(await put(presigned, await plain(7, 7).png().toBuffer()), 200);
    assert.deepEqual((await finalize(api, tenant, presigned.uploadId)).body, body);
    assert.ok(before.equals(await download(body.url)));
    assert.equal((await assets()).length, 1);
  });

  it('can be begun and read while the API does not reach the server, and finished when it does again', async () => {
    const done = await presign(api, tenant);
    await put(done, await plain(4, 4).png().toBuffer());
    const { body } = await finalize(api, tenant, done.uploadId);
    await line.cut();
    const presigned = await presign(api, tenant);
    assert.equal(await put(presigned, await plain(6, 6).png().toBuffer()), 200);
    assert.ok((await download(body.url)).length > 0);
    const reply = await finalize(api, tenant, presigned.uploadId);
    assert.deepEqual(
      [reply.status, reply.body.error.code, reply.headers.get('retry-after')],
      [503, 'UNAVAILABLE', '1'],
    );
    assert.doesNotMatch(reply.body.error.message, /127\.0\.0\.1|S3|doppel/);
    await line.mend();
    assert.equal((await finalize(api, tenant, presigned.uploadId)).body.width, 6);
  });

  it('is not called incomplete when its bucket is gone', async () => {
    const presigned = await presign(api, tenant);
    await put(presigned, await plain(3, 3).png().toBuffer());
    const aside = `${s3.bucketFolder}-aside`;
    await rename(s3.bucketFolder, aside);
    const reply = await finalize(api, tenant, presigned.uploadId).finally(() => rename(aside, s3.bucketFolder));
    assert.deepEqual([reply.status, reply.body.error.code], [503, 'UNAVAILABLE']);
    assert.equal((await finalize(api, tenant, presigned.uploadId)).body.width, 3);
  });

  describe('on a server that does not answer', () => {
    const poolMax = 2;
    const projects = (at: TestApi) => call(`${at.url}/v1/projects`, { key: tenant.key });

    for (const [way, begin] of [
      [
        'pictures in requests',
        async (at: TestApi) => {
          const dataBase64 = (await plain(2, 2).png().toBuffer()).toString('base64');
          const body = { kind: 'image', mimeType: 'image/png', dataBase64 };
          return () => call(`${at.url}/v1/projects/${tenant.projectId}/media`, { key: tenant.key, body });
        },
      ],
      [
        'uploads',
        async (at: TestApi) => {
          const presigned = await presign(at, tenant);
          await put(presigned, await plain(2, 2).png().toBuffer());
          return () => finalize(at, tenant, presigned.uploadId);
        },
      ],
    ] as const) {
      it(`keeps nobody from the database: ${way} wait without a connection`, async () => {
        const proxy = await startS3Proxy(s3.settings);
        const storage = { ...s3.settings, endpoint: proxy.endpoint, publicEndpoint: s3.settings.endpoint };
        const at = await startTestApi({ on, databasePoolMax: poolMax, storage });
        try {
          const sends = await Promise.all(Array.from({ length: poolMax + 1 }, () => begin(at)));
          const held: ServerResponse[] = [];
          proxy.answer('PUT', (response) => void held.push(response));
          const replies = Promise.all(sends.map((send) => send()));
          await until('as many are put as there are connections', () => held.length >= poolMax);
          assert.equal((await projects(at)).status, 200);

          proxy.answer('PUT', null);
          for (const response of held) response.destroy(); // the SDK asks again
          for (const { status, body } of await replies) assert.ok([200, 201].includes(status), JSON.stringify(body));
        } finally {
          await at.close();
          await proxy.close();
        }
      });
    }

    it('keeps nobody from the database: one that is presigned waits for credentials without a connection', async () => {
      const { credentials } = s3.settings;
      assert.ok(typeof credentials === 'object');
      const late = gate();
      let [asked, opensStorage] = [0, Infinity];
      const provider = async () => {
        if (++asked > opensStorage) await late.opened;
        return { ...credentials, expiration: new Date(Date.now() + 60_000) }; // so soon that they are asked for each time
      };
      const at = await startTestApi({ on, databasePoolMax: 1, storage: { ...s3.settings, credentials: provider } });
      opensStorage = asked;
      try {
        const presigning = presign(at, tenant);
        await until('the credentials are asked for', () => asked > opensStorage);
        assert.equal((await projects(at)).status, 200);
        late.open();
        assert.ok((await presigning).url.startsWith(s3.settings.endpoint ?? ''));
      } finally {
        late.open();
        await at.close();
      }
    });
  });
});
