import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { CollectedObjects } from '../activities/housekeeping/collect-objects.ts';
import type { StorageActivities } from '../activities/index.ts';
import { collecting } from './activity-options.ts';

const summarized = (summary: string) => proxyActivities<StorageActivities>({ ...collecting, summary });

const { removeUnusedAssets } = summarized('Remove assets that nothing uses');
const { collectObjects } = summarized('Remove objects that no row names');

/** What went from the storage; `removedAssets` is null where they could not be looked at. */
export interface StorageCollection extends CollectedObjects {
  removedAssets: number | null;
}

/** Removes assets that nothing uses, then objects that no row names; the latter also where the former fails. */
export async function collectStorage(): Promise<StorageCollection> {
  let removedAssets: number | null = null;
  try {
    removedAssets = await removeUnusedAssets();
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  }
  const done = { removedAssets, ...(await collectObjects()) };
  if (removedAssets === null) {
    throw ApplicationFailure.nonRetryable('Assets that nothing uses could not all be removed.', 'INTERNAL', done);
  }
  return done;
}
