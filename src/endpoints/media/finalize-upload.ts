import { findAsset, insertAsset } from '../../db/assets.ts';
import { findProject } from '../../db/projects.ts';
import { findUpload, finishUpload, lockUpload, type UploadRow } from '../../db/uploads.ts';
import { ApiError, invalid } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import { mediaLimits } from '../../domain/media.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { asset, finalizeUploadBody } from '../../schemas/media.ts';
import { ObjectMissing, ObjectTooLarge, removeFolder, uploadFolder } from '../../storage/storage.ts';
import type { Deps } from '../deps.ts';
import { assetRecord } from './asset-record.ts';
import { projectNotFound, requireActiveProject, storePicture, type StoredPicture } from './store-picture.ts';

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
  async prepare({ principal, params, body }, deps) {
    const { database } = deps;
    const { organizationId, environment } = principal;
    const { projectId } = params;
    const upload = await findUpload(database, {
      ...{ organizationId, environment, projectId },
      id: parseId('upload', body.uploadId),
    });
    if (upload?.assetId !== null) return null; // not there, or done already
    const project = await findProject(database, { organizationId, environment, id: projectId });
    if (project?.status !== 'active') return null;
    return store(upload, { organizationId, ...body }, deps).catch((error: unknown) => {
      // Or they are gone, since another request finalized it: which it is, is known once it is locked.
      if (error instanceof ApiError && error.code === 'UPLOAD_INCOMPLETE') return error;
      throw error;
    });
  },
  async handle({ principal, params, body, prepared }, deps) {
    const { database, storage, urls, now, newId, log } = deps;
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

    if (prepared instanceof ApiError) throw prepared;
    // Where there is none, the project was archived a moment ago.
    const { original, stored } = prepared ?? (await store(upload, { organizationId, ...body }, deps));
    const { kind, filename } = upload;
    const row = await insertAsset(database, { ...owned, projectId, id: newId(), kind, filename, ...stored });
    await finishUpload(database, { organizationId, id, assetId: row.id, sha256: original.sha256 });
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

/** Opens what was uploaded, and stores its picture where it is what the caller said. */
async function store(
  { id, storageKey, sizeBytes, sha256 }: UploadRow,
  { organizationId, checksumSha256 }: { organizationId: string; checksumSha256?: string },
  { storage, pictures }: Pick<Deps, 'storage' | 'pictures'>,
): Promise<{ original: { sha256: string }; stored: StoredPicture }> {
  if (storageKey === null) throw incomplete();
  const opened = await pictures.open(() =>
    // Where callers write at the storage itself, nothing but this limits what was not said to have a size.
    storage.get(storageKey, mediaLimits.uploadBytes).catch((error: unknown) => {
      if (error instanceof ObjectTooLarge) throw tooLarge();
      throw error instanceof ObjectMissing ? incomplete() : error;
    }),
  );
  const { original } = opened;
  requireChecksum(original.sha256, checksumSha256, 'body.checksumSha256');
  requireChecksum(original.sha256, sha256 ?? undefined, 'body.uploadId');
  if (sizeBytes !== null && sizeBytes !== original.sizeBytes) {
    const message = `must have ${String(sizeBytes)} bytes, as it was presigned; it has ${String(original.sizeBytes)}`;
    throw invalid([{ path: 'body.uploadId', message, keyword: 'sizeBytes' }]);
  }
  // In the upload's folder, so that the same bytes are the same object however often this is done.
  return { original, stored: await storePicture(opened, { organizationId, id, field: 'body.uploadId' }, storage) };
}

/** Throws `VALIDATION` when the bytes do not have the SHA-256 that the caller said, where it said one. */
function requireChecksum(actual: string | null, said: string | undefined, path: string): void {
  if (said === undefined || said.toLowerCase() === actual) return;
  throw invalid([{ path, message: 'is not the SHA-256 of the bytes that were uploaded', keyword: 'checksumSha256' }]);
}
