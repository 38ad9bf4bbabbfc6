import { findProject } from '../../db/projects.ts';
import { mediaLimits } from '../../domain/media.ts';
import { formatId } from '../../domain/ids.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { invalid } from '../../http/validation.ts';
import { asset, createMediaBody } from '../../schemas/media.ts';
import type { Deps } from '../deps.ts';
import { assetRecord } from './asset-record.ts';
import { requireActiveProject, storePicture } from './store-picture.ts';

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
  async prepare({ principal, params, body }, { database, pictures }) {
    const project = await findProject(database, { ...principal, id: params.projectId });
    return project?.status === 'active' ? pictures.open(() => Promise.resolve(bytesOf(body.dataBase64))) : null;
  },
  async handle({ principal, params, body, prepared }, deps) {
    const { database, pictures, urls, now, newId } = deps;
    const { organizationId, environment } = principal;
    const { projectId } = params;
    await requireActiveProject(database, { organizationId, environment, id: projectId });
    const opened = prepared ?? (await pictures.open(() => Promise.resolve(bytesOf(body.dataBase64))));
    const { kind, filename = null } = body;
    const row = await storePicture(
      opened,
      { organizationId, environment, id: newId(), projectId, kind, filename, field },
      deps,
    );
    return {
      status: 201,
      body: assetRecord(row, { urls, now: now() }),
      location: `/v1/media/${formatId('asset', row.id)}`,
    };
  },
});

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
