import { heartbeat } from '@temporalio/activity';
import { clearUpload, deleteUpload, lockFinishedUploads, lockUnfinishedUploads } from '../../src/db/uploads.ts';
import { pictureFolder, removeFolder, uploadFolder } from '../../src/storage/storage.ts';
import type { ActivityDeps } from '../deps.ts';
import { inBatches } from './in-batches.ts';

const batch = 10;

/**
 * Removes uploads that nobody finalized within 24 hours, and the bytes of finalized ones once no URL reaches them; gives how
 * many of both. Safe to repeat, and beside itself: rows are locked, and bytes go first, so that a crash leaves a row, or a
 * picture that the storage collector takes.
 */
export const removeUploads =
  ({ database, storage }: Pick<ActivityDeps, 'database' | 'storage'>) =>
  async (): Promise<number> => {
    const remove = async (folder: string, kept: readonly string[] = []) => {
      await removeFolder(storage, folder, kept);
      heartbeat();
    };
    const unfinished = await inBatches(batch, async () => {
      const uploads = await database.transaction(async (trx) => {
        const locked = await lockUnfinishedUploads(trx, batch);
        for (const upload of locked) {
          await remove(uploadFolder(upload));
          await deleteUpload(trx, upload);
        }
        return locked;
      });
      // Of a finalizing that broke off. Not while the row may come back: one that has stored its picture waits to name it.
      for (const { organizationId, uploadId } of uploads) await remove(pictureFolder({ organizationId, id: uploadId }));
      return uploads.length;
    });
    const finished = await inBatches(batch, () =>
      database.transaction(async (trx) => {
        const uploads = await lockFinishedUploads(trx, batch);
        for (const { storageKey, thumbnailKey, ...upload } of uploads) {
          const { organizationId, uploadId } = upload;
          await remove(uploadFolder(upload));
          // One that broke off may have stored another picture, of bytes that were replaced since.
          await remove(pictureFolder({ organizationId, id: uploadId }), [storageKey, thumbnailKey]);
          await clearUpload(trx, upload);
        }
        return uploads.length;
      }),
    );
    return unfinished + finished;
  };
