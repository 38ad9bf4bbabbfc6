import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { HousekeepingActivities } from '../activities/index.ts';
import { chore } from './activity-options.ts';

const chores = proxyActivities<HousekeepingActivities>(chore);

/** How many things each chore did away with; null where it failed. */
export type Housekeeping = Record<keyof HousekeepingActivities, number | null>;

/** Does away with what has had its time, chore by chore. One that fails does not keep the others from being done. */
export async function housekeeping(): Promise<Housekeeping> {
  const done: Housekeeping = {
    removeUploads: null,
    forgetIdempotencyKeys: null,
    forgetRateWindows: null,
    eraseInfluencers: null,
    sweepDrawings: null,
    pruneEvents: null,
    forgetDeliveries: null,
  };
  const names = Object.keys(done) as (keyof HousekeepingActivities)[];
  for (const name of names) {
    try {
      done[name] = await chores[name]();
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    }
  }
  const failed = names.filter((name) => done[name] === null);
  if (failed.length > 0) {
    throw ApplicationFailure.nonRetryable(`These chores failed: ${failed.join(', ')}.`, 'INTERNAL', done);
  }
  return done;
}
