// Pictures as callers send them, and the way that they take.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import sharp from 'sharp';
import { insertUpload } from '../../src/db/uploads.ts';
import { parseId } from '../../src/domain/ids.ts';
import { finalizeUploadBody } from '../../src/schemas/media.ts';
import { uploadKey } from '../../src/storage/storage.ts';
import { call, type CallOptions, type Reply, type Tenant, type TestApi } from './api.ts';

type Api = Pick<TestApi, 'url'>;
type Owner = Pick<Tenant, 'projectId' | 'key'>;

/** A plain picture; `width` × `height` pixels before it is turned. */
export const plain = (width = 40, height = 30, background = '#336699') =>
  sharp({ create: { width, height, channels: 3, background }, limitInputPixels: false });

/** A JPEG as phones make them: lying, with the turn and the place in its EXIF. The upper half is red, the lower one blue. */
export async function phonePhoto(): Promise<Buffer> {
  const lower = await plain(60, 20, '#0000ff').png().toBuffer();
  const picture = await plain(60, 40, '#ff0000')
    .composite([{ input: lower, left: 0, top: 20 }])
    .png()
    .toBuffer();
  return sharp(picture)
    .withExif({
      IFD0: { Make: 'Phone of the tests', Orientation: '6' },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '52/1 31/1 12/1',
        GPSLongitudeRef: 'E',
        GPSLongitude: '13/1 24/1 18/1',
      },
    })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
}

export interface Presigned {
  uploadId: string;
  url: string;
  headers: Record<string, string>;
  expiresAt: string;
}

export async function presign(api: Api, { projectId, key }: Owner, fields: object = {}): Promise<Presigned> {
  const reply = await call(`${api.url}/v1/projects/${projectId}/media/presign`, {
    key,
    body: { kind: 'reference_image', mimeType: 'image/png', ...fields },
  });
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return reply.body;
}

export const put = ({ url, headers }: Presigned, body: unknown, options: CallOptions = {}): Promise<Reply> =>
  call(url, { method: 'PUT', body, ...options, headers: { ...headers, ...options.headers } });

export const finalize = (
  api: Api,
  { projectId, key }: Owner,
  uploadId: string,
  fields: object = {},
  headers: Record<string, string> = {},
): Promise<Reply> =>
  call(`${api.url}/v1/projects/${projectId}/media/finalize`, { key, body: { uploadId, ...fields }, headers });

/** All three steps; gives the reply to the last one. */
export async function upload(api: Api, owner: Owner, bytes: Uint8Array, fields: object = {}): Promise<Reply> {
  const presigned = await presign(api, owner, fields);
  assert.equal((await put(presigned, bytes)).status, 204);
  return finalize(api, owner, presigned.uploadId);
}

/** Names the files below a folder, also half written ones. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** Puts an upload there that can be finalized, under the id in the example of the endpoint's body. */
export async function putExampleUpload(
  api: Pick<TestApi, 'database' | 'storage'>,
  { organizationId, projectId }: Tenant,
): Promise<void> {
  const { examples } = finalizeUploadBody as unknown as { examples: [{ uploadId: string }] };
  const id = parseId('upload', examples[0].uploadId);
  const storageKey = uploadKey({ organizationId, uploadId: id });
  await insertUpload(api.database, {
    ...{ organizationId, environment: 'live', id, projectId: parseId('project', projectId), kind: 'image' },
    ...{ mimeType: 'image/png', filename: null, sizeBytes: null, sha256: null, storageKey, urlMinutes: 60 },
  });
  await api.storage.put(storageKey, await plain().png().toBuffer());
}
