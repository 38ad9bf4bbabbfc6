// What is told of jobs to those who poll: written once for a version, and told again for a quarter of a second. Each poll asks Postgres
// for the version, all that come at the same time in one statement, so that nobody is told less than was committed before he asked.

import { LRUCache } from 'lru-cache';
import type { Trx } from '../../db/database.ts';
import type { OwnedId } from '../../db/influencers.ts';
import type { JobVersion } from '../../db/job-events.ts';
import { findJob } from '../../db/jobs.ts';
import type { JobAttempt } from '../../domain/job.ts';
import type { RendererName } from '../../domain/shots.ts';
import { writeJson, type Json } from '../../http/json.ts';
import type { Job } from '../../schemas/job.ts';
import type { SignedUrls } from '../../storage/signed-urls.ts';
import type { LiveJobs } from '../../temporal/live-job.ts';
import { jobRecord } from './job-record.ts';

interface JobBody {
  /** At least the one that was current when it was asked for. */
  version: number;
  /** Of the URLs in it. */
  at: Date;
  body: Json<Job>;
}

interface AskedJob extends OwnedId {
  /** Whether who asks may look into Temporal. */
  isAdmin: boolean;
}

/** Gives a job as it is told; undefined for one that is not there. */
export type FindJobBody = (asked: AskedJob) => Promise<JobBody | undefined>;

interface Parts {
  database: Trx;
  findJobVersion: (owned: OwnedId) => Promise<JobVersion | undefined>;
  liveJobs: LiveJobs;
  medianDrawingMs: (renderer: RendererName) => Promise<number | null>;
  urls: SignedUrls;
  now: () => Date;
  /** Where a job's workflow is in Temporal's UI; null where that is not known. */
  workflowUrl: ((job: JobAttempt) => string) | null;
}

interface Kept {
  version: number;
  /** Until when it is told, by `performance.now()`; whoever asks while it is being written waits for it. */
  until: number;
  written: Promise<JobBody | undefined>;
}

/** In bytes; a body has a few thousand, and some thousands more for each photo that the influencer was begun with. */
const keptMax = 16_000_000;
/** What stands beside the version may be so old, in ms: why a job waits, when it should be done, pictures that were removed since. */
const stalenessMs = 250;

export function jobBodies({
  database,
  findJobVersion,
  liveJobs,
  medianDrawingMs,
  urls,
  now,
  workflowUrl,
}: Parts): FindJobBody {
  const bodies = new LRUCache<string, Kept>({ maxSize: keptMax });
  const linkFor = ({ isAdmin }: AskedJob) => (isAdmin ? workflowUrl : null);

  const write = async (owned: AskedJob, keep: (until: number) => void): Promise<JobBody | undefined> => {
    const row = await findJob(database, owned);
    if (row === undefined) return undefined;
    const readAt = performance.now();
    const hasWorkflow = row.status === 'running' && row.dispatchedAt !== null;
    const live = hasWorkflow ? await liveJobs.of(row) : null;
    const drawingMs = hasWorkflow ? await medianDrawingMs(row.renderer) : null;
    keep(Math.min(readAt + stalenessMs, live?.sharedUntil ?? Infinity));
    const at = now();
    const links = { workflowUrl: linkFor(owned)?.(row) ?? null };
    return { version: row.version, at, body: writeJson(jobRecord(row, { live, drawingMs, urls, now: at, ...links })) };
  };

  return async (owned) => {
    const current = await findJobVersion(owned);
    if (current === undefined) return undefined;
    const { version } = current;
    const key = linkFor(owned) === null ? owned.id : `${owned.id} with its workflow`;
    const kept = bodies.get(key);
    const isCurrent = kept !== undefined && kept.version >= version;
    if (isCurrent && kept.until > performance.now()) return kept.written;
    const keep = (until: number) => {
      begun.until = until;
    };
    const begun: Kept = { version, until: Infinity, written: write(owned, keep) };
    const keepAs = (size: number) => {
      bodies.set(key, begun, { size });
    };
    keepAs(1); // until it is known
    begun.written.then(
      (written) => {
        if (bodies.peek(key) === begun) keepAs(written?.body.length ?? 1);
      },
      () => {
        bodies.delete(key); // whoever asked is told
      },
    );
    return begun.written;
  };
}
