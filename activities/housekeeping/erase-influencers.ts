import { eraseIdentity, eraseImages, lockErasable } from '../../src/db/erasure.ts';
import { drawingFolder } from '../../src/storage/storage.ts';
import type { ActivityDeps } from '../deps.ts';
import { sweepFolder } from '../sweep-attempt.ts';
import { inBatches } from './in-batches.ts';

/**
 * Erases influencers that were deleted 30 days ago: identity, images, and the bytes of pictures that nothing names any more;
 * their ids stay reserved. Gives how many. Safe to repeat: each is a transaction of its own, in which its bytes go first.
 */
export const eraseInfluencers =
  ({ database, storage }: Pick<ActivityDeps, 'database' | 'storage'>) =>
  (): Promise<number> =>
    inBatches(1, () =>
      database.transaction(async (trx) => {
        const influencer = await lockErasable(trx);
        if (influencer === undefined) return 0;
        const erased = await eraseImages(trx, influencer);
        for (const { storageKey, thumbnailKey } of erased) {
          await storage.remove(storageKey);
          await storage.remove(thumbnailKey);
        }
        // Drawings that no attempt recorded; those that clones have in their starting sets stay.
        for (const jobId of influencer.jobIds) {
          await sweepFolder({ database: trx, storage }, drawingFolder({ ...influencer, jobId }));
        }
        await eraseIdentity(trx, influencer);
        return 1;
      }),
    );
