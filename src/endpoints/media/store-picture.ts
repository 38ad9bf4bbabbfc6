import { holdProjectStatus } from '../../db/assets.ts';
import type { OwnedId } from '../../db/influencers.ts';
import { ApiError, invalid } from '../../domain/errors.ts';
import type { OpenedFile } from '../../pictures/pictures.ts';
import { pictureKey, thumbnailKeyOf, type Storage } from '../../storage/storage.ts';
import type { Deps } from '../deps.ts';

export const projectNotFound = () => new ApiError('NOT_FOUND', 'Project not found.');

/** Holds a project for this transaction; throws `NOT_FOUND` when there is none, and `CONFLICT` when it is archived. */
export async function requireActiveProject(database: Deps['database'], project: OwnedId): Promise<void> {
  const status = await holdProjectStatus(database, project);
  if (status === undefined) throw projectNotFound();
  if (status === 'archived') throw new ApiError('CONFLICT', 'The project is archived.');
}

interface PicturePlace {
  organizationId: string;
  /** Names the folder that it is stored in. */
  id: string;
  /** The field that it came by, for the issue when it cannot be used. */
  field: string;
}

/** A picture whose bytes are stored, and that no row names yet: what nothing ever names is collected. */
export interface StoredPicture {
  mimeType: string;
  width: number;
  height: number;
  sizeBytes: number;
  sha256: string;
  storageKey: string;
  thumbnailKey: string;
}

/** Stores the bytes of a picture that was opened. Throws `VALIDATION` for one that cannot be used. */
export async function storePicture(
  { picture }: OpenedFile,
  { organizationId, id, field }: PicturePlace,
  storage: Storage,
): Promise<StoredPicture> {
  if ('refusedBy' in picture) {
    throw invalid([{ path: field, message: picture.message, keyword: picture.refusedBy }]);
  }
  const storageKey = pictureKey({ organizationId, id, ...picture });
  const thumbnailKey = thumbnailKeyOf(storageKey);
  await storage.put(storageKey, picture.bytes);
  await storage.put(thumbnailKey, picture.thumbnail);
  const { mimeType, width, height, sizeBytes, sha256 } = picture;
  return { mimeType, width, height, sizeBytes, sha256, storageKey, thumbnailKey };
}
