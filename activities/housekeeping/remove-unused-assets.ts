import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { deleteUnusedAssets, markUnusedAssets, type LookedAtAsset } from '../../src/db/unused-assets.ts';
import type { ActivityDeps } from '../deps.ts';
import { objectRemover } from './object-remover.ts';

const batch = 1_000;

/**
 * Looks at all assets, marks those that nothing names, and removes those that nothing named for 30 days; gives how many. Safe to
 * repeat, and beside itself. Rows go first: an asset that can be named has its bytes, and what a crash leaves is collected.
 */
export const removeUnusedAssets =
  ({ database, storage }: Pick<ActivityDeps, 'database' | 'storage'>) =>
  async (): Promise<number> => {
    const remover = objectRemover(storage);
    let removed = 0;
    let after: LookedAtAsset | null = null;
    do {
      cancellationSignal().throwIfAborted();
      const assets: LookedAtAsset[] = await markUnusedAssets(database, after, batch);
      const due = assets.filter(({ isDue }) => isDue);
      const deleted = due.length === 0 ? [] : await database.transaction((trx) => deleteUnusedAssets(trx, due));
      await remover.remove(
        deleted.flatMap(({ storageKey, thumbnailKey }) => [{ key: storageKey }, { key: thumbnailKey }]),
      );
      removed += deleted.length;
      heartbeat();
      after = assets.length === batch ? (assets.at(-1) ?? null) : null;
    } while (after !== null);
    remover.throwFailures();
    return removed;
  };
