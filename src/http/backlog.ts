import type { Principal } from '../db/api-keys.ts';
import { hasQueuedJobs } from '../db/backlog.ts';
import type { Trx } from '../db/database.ts';
import { ApiError } from '../domain/errors.ts';
import { queuedJobsLimits } from '../domain/scopes.ts';

const lookEveryMs = 1_000;
/** Of the time, at most: a hundred thousand rows take Postgres a tenth of a second. */
const lookingShare = 0.05;
const retryAfterS = 30;
/** How many jobs are counted with each request for one. It reads them all; an organization that may have more is looked at beside. */
const countedMax = 1_000;

export interface Backlog {
  /** Whether too many jobs are queued, of all organizations. */
  isFull: () => boolean;
  /** How many jobs the caller's organization may have queued, for who accepts one to count; null where that need not be counted. */
  queuedLimitFor: (principal: Pick<Principal, 'organizationId' | 'tier'>) => number | null;
}

/**
 * What is known of the jobs that are queued. It goes by what was seen last and never waits: jobs are counted beside the requests,
 * at most once a second, the more seldom the longer it takes, and only while some come: a limit is passed by what comes meanwhile.
 */
export function backlogOf(database: Trx, queuedJobsMax: number, limits = queuedJobsLimits): Backlog {
  const organizations = new Map<string, () => boolean>();
  const isFullOf = (organizationId: string, limit: number): boolean => {
    let isFull = organizations.get(organizationId);
    if (isFull === undefined) {
      isFull = seenLast(() => hasQueuedJobs(database, limit, organizationId));
      organizations.set(organizationId, isFull);
    }
    return isFull();
  };
  return {
    isFull: seenLast(() => hasQueuedJobs(database, queuedJobsMax)),
    queuedLimitFor({ organizationId, tier }) {
      const limit = limits[tier];
      if (limit <= countedMax) return limit;
      return isFullOf(organizationId, limit) ? 0 : null;
    },
  };
}

/** Gives what was seen last, and looks again where that was long ago. */
function seenLast(look: () => Promise<boolean>): () => boolean {
  let seen = false;
  let lookAgainAt = 0;
  return () => {
    if (lookAgainAt <= performance.now()) {
      const from = performance.now();
      lookAgainAt = from + lookEveryMs;
      look()
        .then(
          (answer) => {
            seen = answer;
          },
          () => undefined, // what keeps this from being counted keeps jobs from being accepted, and is told there
        )
        .finally(() => {
          lookAgainAt = Math.max(lookAgainAt, from + (performance.now() - from) / lookingShare);
        });
    }
    return seen;
  };
}

/** While too many jobs are queued. */
export const backlogFull = (): ApiError =>
  new ApiError('UNAVAILABLE', 'Too many jobs are queued; try again later.', {
    headers: { 'Retry-After': String(retryAfterS) },
  });
