import path from 'node:path';
import { fileStorage, type UploadPlace } from './file-storage.ts';
import type { S3Settings } from './s3-storage.ts';
import type { ReadUrls, Storage, UploadRequests } from './storage.ts';

/** Which storage there is, as the environment says. */
export type StorageSettings = { kind: 'files'; folder: string } | ({ kind: 's3' } & S3Settings);

/** A storage, and how callers reach its objects: through the API, or at its server. Close it. */
export type OpenedStorage = { storage: Storage; close: () => void } & (
  | { kind: 'files'; storage: UploadPlace; folder: string }
  | { kind: 's3'; readUrls: ReadUrls; uploadRequests: UploadRequests }
);

export const storageFolderOf = (dataDir: string): string => path.join(dataDir, 'storage');

/** Opens the storage; throws a `StartError` when it cannot be used. */
export async function openStorage(settings: StorageSettings): Promise<OpenedStorage> {
  if (settings.kind === 'files') {
    const { kind, folder } = settings;
    return { kind, folder, storage: fileStorage(folder), close: () => undefined };
  }
  // Here, so that nothing of the SDK is loaded where files are enough.
  const { openS3Storage } = await import('./s3-storage.ts');
  return { kind: 's3', ...(await openS3Storage(settings)) };
}
