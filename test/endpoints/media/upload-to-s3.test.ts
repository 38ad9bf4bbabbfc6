import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { DoppelClient } from '../../../src/client/index.ts';
import { parseId } from '../../../src/domain/ids.ts';
import { mediaLimits } from '../../../src/domain/media.ts';
import { uploadKey } from '../../../src/storage/storage.ts';
import { createTenant, startTestApi, type Tenant, type TestApi } from '../../support/api.ts';
import { until } from '../../support/eventually.ts';
import { assertRefused, brokenRulesOf } from '../../support/refusals.ts';
import { s3TimeoutMs, startTestS3, type TestS3 } from '../../support/s3-server.ts';
import { layLine, type SeverableLine } from '../../support/severable-line.ts';
import { keysBelow } from '../../support/stored-keys.ts';
import { filesIn, finalize, plain, presign, type Presigned } from '../../support/uploads.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('an upload to an S3 server', function () {
  this.timeout(s3TimeoutMs);
  let s3: TestS3;
  let line: SeverableLine;
  let api: TestApi;
  let tenant: Tenant;
  before(async () => {
    s3 = await startTestS3();
    line = await layLine();
    const endpoint = line.through(s3.settings.endpoint ?? '');
    api = await startTestApi({ storage: { ...s3.settings, endpoint, publicEndpoint: s3.settings.endpoint } });
  });
  after(async () => {
    await api.close();
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
    assert.doesNotMatch(JSON.stringify(reply.body), /127\.0\.0\.1|S3|doppel/);
    await line.mend();
    assert.equal((await finalize(api, tenant, presigned.uploadId)).body.width, 6);
  });
});
