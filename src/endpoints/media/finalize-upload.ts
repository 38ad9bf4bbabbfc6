import { findAsset } from '../../db/assets.ts';
import { findProject } from '../../db/projects.ts';
import { findUpload, finishUpload, lockUpload, type UploadRow } from '../../db/uploads.ts';
import { ApiError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import { mediaLimits } from '../../domain/media.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { invalid } from '../../http/validation.ts';
import type { OpenedFile } from '../../pictures/pictures.ts';
import { asset, finalizeUploadBody } from '../../schemas/media.ts';
import { ObjectTooLarge, removeFolder, uploadFolder, type Storage } from '../../storage/storage.ts';
import type { Deps } from '../deps.ts';
import { assetRecord } from './asset-record.ts';
import { projectNotFound, requireActiveProject, storePicture } from './store-picture.ts';

const incomplete = () => new ApiError('UPLOAD_INCOMPLETE', 'The bytes of this upload are not there yet.');
const tooLarge = () =>
  invalid([{ path: 'body.uploadId', message: 'must be a file of at most 20 MB', keyword: 'maxLength' }]);

export const finalizeUpload = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/projects/:projectId/media/finalize',
  operationId: 'finalizeUpload',
  tag: 'Media',
  summary: 'Finish an upload',
  description: `Opens what was uploaded and stores the picture: upright, as sRGB, without location and other metadata, and of an
animation the first frame. So the asset's size and checksum are not those of your file. A PNG, JPEG or WebP of at most 40 megapixels
is taken, whatever its name says; WebP and progressive or interlaced files have lower limits, which the answer names. Finalizing
again gives the same asset. One that no influencer uses is removed 30 days later.`,
  scope: 'projects:write',
  rateClass: 'write-light',
  body: finalizeUploadBody,
  replies: { 200: { description: 'The asset.', schema: asset } },
  errors: ['NOT_FOUND', 'CONFLICT', 'UPLOAD_INCOMPLETE'],
  async prepare({ principal, params, body }, { database, storage, pictures }) {
    const { organizationId, environment } = principal;
    const { projectId } = params;
    const upload = await findUpload(database, {
      ...{ organizationId, environment, projectId },
      id: parseId('upload', body.uploadId),
    });
    if (upload?.assetId !== null) return null; // not there, or done already
    const project = await findProject(database, { organizationId, environment, id: projectId });
    if (project?.status !== 'active') return null;
    return openUpload(upload, { storage, pictures }).catch((error: unknown) => {
      // Or they are gone, since another request finalized it: which it is, is known once it is locked.
      if (error instanceof ApiError && error.code === 'UPLOAD_INCOMPLETE') return null;
      throw error;
    });
  },
  async handle({ principal, params, body, prepared }, deps) {
    const { database, storage, pictures, urls, now, log } = deps;
    const { organizationId, environment } = principal;
    const { projectId } = params;
    const id = parseId('upload', body.uploadId);
    const owned = { organizationId, environment };

    const project = await findProject(database, { ...owned, id: projectId });
    if (project === undefined) throw projectNotFound();
    const upload = await lockUpload(database, { ...owned, projectId, id });
    if (upload === undefined) throw new ApiError('NOT_FOUND', 'Upload not found.');
    const signing = { urls, now: now() };
    if (upload.assetId !== null) {
      requireChecksum(upload.sha256, body.checksumSha256, 'body.checksumSha256');
      const row = await findAsset(database, { ...owned, id: upload.assetId });
      if (row === undefined) throw new Error('a finalized upload has no asset');
      return { status: 200, body: assetRecord(row, signing) };
    }
    await requireActiveProject(database, { ...owned, id: projectId });

    const opened = prepared ?? (await openUpload(upload, { storage, pictures }));
    const { sizeBytes, sha256 } = opened.original;
    requireChecksum(sha256, body.checksumSha256, 'body.checksumSha256');
    requireChecksum(sha256, upload.sha256 ?? undefined, 'body.uploadId');
    if (upload.sizeBytes !== null && upload.sizeBytes !== sizeBytes) {
      const message = `must have ${String(upload.sizeBytes)} bytes, as it was presigned; it has ${String(sizeBytes)}`;
      throw invalid([{ path: 'body.uploadId', message, keyword: 'sizeBytes' }]);
    }
    const { kind, filename } = upload;
    const row = await storePicture(opened, { ...owned, projectId, id, kind, filename, field: 'body.uploadId' }, deps);
    await finishUpload(database, { organizationId, id, assetId: row.id, sha256 });
    return {
      status: 200,
      body: assetRecord(row, signing),
      afterCommit: () => {
        // What it held beside the picture, such as where that was taken, is gone from now on; housekeeping looks again.
        removeFolder(storage, uploadFolder({ organizationId, uploadId: id })).catch((error: unknown) => {
          log.warn({ err: error }, 'the bytes of a finalized upload could not be removed; housekeeping removes them');
        });
      },
    };
  },
});

async function openUpload(
  { storageKey }: UploadRow,
  { storage, pictures }: { storage: Storage; pictures: Deps['pictures'] },
): Promise<OpenedFile> {
  if (storageKey === null || (await storage.sizeOf(storageKey)) === null) throw incomplete();
  return pictures.open(() =>
    // Where callers write at the storage itself, nothing but this limits what was not said to have a size.
    storage.get(storageKey, mediaLimits.uploadBytes).catch(async (error: unknown) => {
      if (error instanceof ObjectTooLarge) throw tooLarge();
      throw (await storage.sizeOf(storageKey)) === null ? incomplete() : error;
    }),
  );
}

/** Throws `VALIDATION` when the bytes do not have the SHA-256 that the caller said, where it said one. */
function requireChecksum(actual: string | null, said: string | undefined, path: string): void {
  if (said === undefined || said.toLowerCase() === actual) return;
  throw invalid([{ path, message: 'is not the SHA-256 of the bytes that were uploaded', keyword: 'checksumSha256' }]);
}
