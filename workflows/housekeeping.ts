import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { HousekeepingActivities } from '../activities/index.ts';
import { chore } from './activity-options.ts';

const chores = proxyActivities<HousekeepingActivities>(chore);

/** The chores, in their order, as an operator reads of them. */
const summaries: Record<keyof HousekeepingActivities, string> = {
  removeUploads: 'Remove uploads that nobody finalized',
  forgetIdempotencyKeys: 'Forget idempotency keys of yesterday',
  forgetRateWindows: 'Forget rate windows that are over',
  eraseInfluencers: 'Erase influencers deleted for 30 days',
  sweepDrawings: 'Remove drawings that became no image',
  pruneEvents: 'Forget old events of ended jobs',
  forgetDeliveries: 'Forget old deliveries and deleted endpoints',
};

/** How many things each chore did away with; null where it failed. */
export type Housekeeping = Record<keyof HousekeepingActivities, number | null>;

/** Does away with what has had its time, chore by chore. One that fails does not keep the others from being done. */
export async function housekeeping(): Promise<Housekeeping> {
  const names = Object.keys(summaries) as (keyof HousekeepingActivities)[];
  const done = Object.fromEntries(names.map((name) => [name, null])) as Housekeeping;
  for (const name of names) {
    try {
      done[name] = await chores[name].executeWithOptions({ ...chore, summary: summaries[name] }, []);
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
