import { forgetIdempotencyKeys as forgetSome } from '../../src/db/idempotency-keys.ts';
import type { ActivityDeps } from '../deps.ts';
import { inBatches } from './in-batches.ts';

const batch = 1_000;

/** Forgets idempotency keys older than 24 hours; gives how many. Safe to repeat: what is forgotten is not found again. */
export const forgetIdempotencyKeys =
  ({ database }: Pick<ActivityDeps, 'database'>) =>
  (): Promise<number> =>
    inBatches(batch, () => forgetSome(database, batch));
