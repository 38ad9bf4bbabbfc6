import { insertUpload } from '../../db/uploads.ts';
import { formatId } from '../../domain/ids.ts';
import { uploadUrlMinutes } from '../../domain/media.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { presignUploadBody, upload } from '../../schemas/media.ts';
import { uploadKey } from '../../storage/storage.ts';
import type { Deps } from '../deps.ts';
import { requireActiveProject } from './store-picture.ts';

export const presignUpload = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/projects/:projectId/media/presign',
  operationId: 'presignUpload',
  tag: 'Media',
  summary: 'Begin an upload',
  description: `Gives a URL that takes a picture of at most 20 MB. Send the bytes there with PUT and the headers that you get, then
finalize. An upload that is not finalized within 24 hours is removed.`,
  scope: 'projects:write',
  rateClass: 'write-light',
  body: presignUploadBody,
  replies: { 201: { description: 'Where to send the bytes.', schema: upload } },
  errors: ['NOT_FOUND', 'CONFLICT'],
  // A role's credentials may have to be fetched first.
  prepare: (_, { uploadRequests }) => uploadRequests.prepare(),
  async handle({ principal, params, body }, { database, uploadRequests, now, newId }) {
    const { organizationId, environment } = principal;
    const { projectId } = params;
    await requireActiveProject(database, { organizationId, environment, id: projectId });
    const { kind, mimeType, filename = null, sizeBytes = null, checksumSha256 } = body;
    const id = newId();
    const key = uploadKey({ organizationId, uploadId: id });
    const sha256 = checksumSha256?.toLowerCase() ?? null;
    const expiresAt = await insertUpload(database, {
      ...{ organizationId, environment, id, projectId, kind, mimeType, filename, sizeBytes, sha256 },
      storageKey: key,
      urlMinutes: uploadUrlMinutes,
    });
    const request = await uploadRequests.make({ key, mimeType, sizeBytes, sha256 }, { now: now(), expiresAt });
    return {
      status: 201,
      body: { uploadId: formatId('upload', id), ...request, expiresAt: request.expiresAt.toISOString() },
    };
  },
});
