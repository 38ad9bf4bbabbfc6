import { insertAsset, holdProjectStatus, type AssetRow } from '../../db/assets.ts';
import type { OwnedId } from '../../db/influencers.ts';
import { ApiError } from '../../domain/errors.ts';
import type { AssetKind } from '../../domain/media.ts';
import type { OpenedFile } from '../../pictures/pictures.ts';
import { invalid } from '../../http/validation.ts';
import { pictureKey, thumbnailKeyOf } from '../../storage/storage.ts';
import type { Deps } from '../deps.ts';

export const projectNotFound = () => new ApiError('NOT_FOUND', 'Project not found.');

/** Holds a project for this transaction; throws `NOT_FOUND` when there is none, and `CONFLICT` when it is archived. */
export async function requireActiveProject(database: Deps['database'], project: OwnedId): Promise<void> {
  const status = await holdProjectStatus(database, project);
  if (status === undefined) throw projectNotFound();
  if (status === 'archived') throw new ApiError('CONFLICT', 'The project is archived.');
}

interface NewPicture extends Omit<OwnedId, 'id'> {
  /** Names the folder that it is stored in. */
  id: string;
  projectId: string;
  kind: AssetKind;
  filename: string | null;
  /** The field that it came by, for the issue when it cannot be used. */
  field: string;
}

/** Stores a picture that was opened, its bytes first, and gives its asset. Throws `VALIDATION` for one that cannot be used. */
export async function storePicture(
  { picture }: OpenedFile,
  { id, field, ...owned }: NewPicture,
  { database, storage, newId }: Pick<Deps, 'database' | 'storage' | 'newId'>,
): Promise<AssetRow> {
  if ('refusedBy' in picture) {
    throw invalid([{ path: field, message: picture.message, keyword: picture.refusedBy }]);
  }
  const storageKey = pictureKey({ ...owned, id, ...picture });
  const thumbnailKey = thumbnailKeyOf(storageKey);
  await storage.put(storageKey, picture.bytes);
  await storage.put(thumbnailKey, picture.thumbnail);
  const { mimeType, width, height, sizeBytes, sha256 } = picture;
  const file = { mimeType, width, height, sizeBytes, sha256, storageKey, thumbnailKey };
  return insertAsset(database, { ...owned, id: newId(), ...file });
}
