import { clearUpload, deleteUpload, lockFinishedUploads, lockUnfinishedUploads } from '../../src/db/uploads.ts';
import { pictureFolder, removeFolder, uploadFolder } from '../../src/storage/storage.ts';
import type { ActivityDeps } from '../deps.ts';
import { inBatches } from './in-batches.ts';

const batch = 50;

/**
 * Removes uploads that nobody finalized within 24 hours, and the bytes of finalized ones once no URL reaches them; gives how
 * many of both. Safe to repeat, and beside itself: rows are locked, and bytes go first, so that a crash leaves a row.
 */
export const removeUploads =
  ({ database, storage }: Pick<ActivityDeps, 'database' | 'storage'>) =>
  async (): Promise<number> => {
    const unfinished = await inBatches(batch, () =>
      database.transaction(async (trx) => {
        const uploads = await lockUnfinishedUploads(trx, batch);
        for (const upload of uploads) {
          const { organizationId, uploadId } = upload;
          await removeFolder(storage, uploadFolder(upload));
          await removeFolder(storage, pictureFolder({ organizationId, id: uploadId })); // of a finalizing that broke off
          await deleteUpload(trx, upload);
        }
        return uploads.length;
      }),
    );
    const finished = await inBatches(batch, () =>
      database.transaction(async (trx) => {
        const uploads = await lockFinishedUploads(trx, batch);
        for (const { storageKey, thumbnailKey, ...upload } of uploads) {
          const { organizationId, uploadId } = upload;
          await removeFolder(storage, uploadFolder(upload));
          // One that broke off may have stored another picture, of bytes that were replaced since.
          await removeFolder(storage, pictureFolder({ organizationId, id: uploadId }), [storageKey, thumbnailKey]);
          await clearUpload(trx, upload);
        }
        return uploads.length;
      }),
    );
    return unfinished + finished;
  };
