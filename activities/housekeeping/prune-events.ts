import { pruneEvents as pruneSome } from '../../src/db/ended-jobs.ts';
import type { ActivityDeps } from '../deps.ts';
import { inBatches } from './in-batches.ts';

const batch = 500;

/** Forgets all events but the last of jobs that ended 30 days ago; gives how many jobs. Safe to repeat. */
export const pruneEvents =
  ({ database }: Pick<ActivityDeps, 'database'>) =>
  (): Promise<number> =>
    inBatches(batch, () => pruneSome(database, batch));
