import { invalid } from '../../domain/errors.ts';
import { insertAsset } from '../../db/assets.ts';
import { findProject } from '../../db/projects.ts';
import { mediaLimits } from '../../domain/media.ts';
import { formatId } from '../../domain/ids.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { asset, createMediaBody } from '../../schemas/media.ts';
import type { Deps } from '../deps.ts';
import { assetRecord } from './asset-record.ts';
import { requireActiveProject, storePicture, type StoredPicture } from './store-picture.ts';

const field = 'body.dataBase64';

export const createMedia = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/projects/:projectId/media',
  operationId: 'createMedia',
  tag: 'Media',
  summary: 'Store a small picture',
  description: `Takes a picture of at most 256 KB in the request itself, and stores it as finalizing an upload does: upright, as sRGB,
without location and other metadata. An asset that no influencer uses is removed 30 days later.`,
  scope: 'projects:write',
  rateClass: 'write-light',
  body: createMediaBody,
  replies: { 201: { description: 'The asset.', schema: asset, hasLocation: true } },
  errors: ['NOT_FOUND', 'CONFLICT'],
  async prepare({ principal, params, body }, deps) {
    const project = await findProject(deps.database, { ...principal, id: params.projectId });
    return project?.status === 'active' ? store(body.dataBase64, principal, deps) : null;
  },
  async handle({ principal, params, body, prepared }, deps) {
    const { database, urls, now, newId } = deps;
    const { organizationId, environment } = principal;
    const { projectId } = params;
    await requireActiveProject(database, { organizationId, environment, id: projectId });
    const stored = prepared ?? (await store(body.dataBase64, principal, deps)); // or the project is active since
    const { kind, filename = null } = body;
    const row = await insertAsset(database, {
      ...{ organizationId, environment, id: newId(), projectId, kind, filename },
      ...stored,
    });
    return {
      status: 201,
      body: assetRecord(row, { urls, now: now() }),
      location: `/v1/media/${formatId('asset', row.id)}`,
    };
  },
});

/** Stores what a request brings, in a folder of its own. */
async function store(
  dataBase64: string,
  { organizationId }: { organizationId: string },
  { pictures, storage, newId }: Pick<Deps, 'pictures' | 'storage' | 'newId'>,
): Promise<StoredPicture> {
  const opened = await pictures.open(() => Promise.resolve(bytesOf(dataBase64)));
  return storePicture(opened, { organizationId, id: newId(), field }, storage);
}

/** Decodes base64 as strictly as RFC 4648 allows: padded, and without bits that nothing stands for. */
function bytesOf(base64: string): Uint8Array {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) {
    throw invalid([{ path: field, message: 'must be base64 with padding', keyword: 'contentEncoding' }]);
  }
  if (bytes.length > mediaLimits.inlineBytes) {
    throw invalid([{ path: field, message: 'must have at most 256 KB when it is decoded', keyword: 'maxLength' }]);
  }
  return bytes;
}
