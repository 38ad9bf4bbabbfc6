// Tells watchers what happens to jobs. One connection hears of it for the whole process, and what was heard of is read for all
// watchers together: a watcher for whom nothing happens costs no statement and no timer.

import type { Logger } from 'pino';
import { apiKeysChannel } from '../db/api-keys.ts';
import type { Trx } from '../db/database.ts';
import { eventsAfter } from '../db/job-events.ts';
import { jobEventsChannel } from '../db/job-moves.ts';
import { listen } from '../db/notifications.ts';
import { ApiError } from '../domain/errors.ts';
import type { JobEventRow } from '../domain/job-event.ts';
import { inRounds } from './rounds.ts';
import { watchedKeys, type WatchedKey } from './watched-keys.ts';
import type { Subject, Watcher, WatchEnd } from './watcher.ts';

export interface JobFeed {
  /** Watches until what it gives is called; throws `UNAVAILABLE` where there are too many, or too many of one organization. */
  watch: (subject: Subject, watcher: Watcher) => () => void;
  /** Ends all watching, also what comes later. */
  drain: () => void;
  close: () => Promise<void>;
  /** How many watch. */
  size: () => number;
}

interface FeedParts {
  database: Trx;
  databaseUrl: string;
  watchersMax: number;
  log: Logger;
}

interface WatchedJob {
  organizationId: string;
  jobId: string;
  watches: Set<Watch>;
  /** All events up to here were read while it was listened for the next ones; Infinity while that is not so. */
  readThrough: number;
}

interface Watch {
  job: WatchedJob;
  key: WatchedKey;
  seq: number;
  watcher: Watcher;
}

/** How much of all places one organization may take. */
const organizationShare = 0.5;

export function openJobFeed({ database, databaseUrl, watchersMax, log }: FeedParts): JobFeed {
  const jobs = new Map<string, WatchedJob>();
  const watches = new Set<Watch>();
  const watchesOf = new Map<string, number>();
  let isDraining = false;

  const onFailure = (error: unknown) => {
    log.warn({ err: error }, 'what watchers wait for could not be read; it is tried again');
  };

  const readJobs = async (all: readonly WatchedJob[]) => {
    const asked = all.filter((job) => job.watches.size > 0).map((job) => ({ job, afterSeq: firstSeqOf(job) }));
    if (asked.length === 0) return;
    // Who comes from here on may want more than is asked for, and hears of nothing that is answered: he needs a round of his own.
    for (const { job } of asked) job.readThrough = Infinity;
    const wanted = asked.map(({ job: { organizationId, jobId }, afterSeq }) => ({ organizationId, jobId, afterSeq }));
    const rowsOf = new Map<string, JobEventRow[]>(asked.map(({ job }) => [job.jobId, []]));
    for (const row of await eventsAfter(database, wanted)) rowsOf.get(row.jobId)?.push(row);
    for (const { job, afterSeq } of asked) {
      const rows = rowsOf.get(job.jobId) ?? [];
      job.readThrough = rows.at(-1)?.seq ?? afterSeq;
      for (const watch of job.watches) if (watch.seq >= afterSeq) tell(watch, rows);
    }
  };
  const jobRounds = inRounds(readJobs, { onFailure });

  const tell = (watch: Watch, rows: readonly JobEventRow[]) => {
    const news = rows.filter(({ seq }) => seq > watch.seq);
    const last = news.at(-1);
    if (last === undefined) return;
    watch.seq = last.seq;
    watch.watcher.onEvents(news);
  };

  const stop = (watch: Watch) => {
    if (!watches.delete(watch)) return;
    const { job } = watch;
    job.watches.delete(watch);
    const left = (watchesOf.get(job.organizationId) ?? 1) - 1;
    if (left > 0) watchesOf.set(job.organizationId, left);
    else watchesOf.delete(job.organizationId);
    if (job.watches.size === 0 && jobs.get(job.jobId) === job) jobs.delete(job.jobId);
    keys.release(watch.key);
  };
  const end = (watch: Watch, why: WatchEnd) => {
    stop(watch);
    watch.watcher.onEnd(why);
  };

  const keys = watchedKeys(database, {
    onFailure,
    onEnd(key, state) {
      for (const watch of [...watches]) if (watch.key === key) end(watch, { reason: 'key', state });
    },
  });

  const notifications = listen(databaseUrl, {
    log,
    channels: {
      [jobEventsChannel](payload) {
        const job = jobs.get(payload.slice(0, payload.indexOf(' ')));
        if (job !== undefined) jobRounds.add(job);
      },
      [apiKeysChannel]: keys.lookAt,
    },
    onConnected() {
      for (const job of jobs.values()) jobRounds.add(job);
      keys.lookAtAll();
    },
  });

  return {
    watch({ organizationId, jobId, afterSeq, apiKeyId, lookup }, watcher) {
      if (isDraining) {
        setImmediate(() => {
          watcher.onEnd({ reason: 'draining' });
        });
        return () => undefined;
      }
      const ofOrganization = watchesOf.get(organizationId) ?? 0;
      if (watches.size >= watchersMax || ofOrganization >= Math.ceil(watchersMax * organizationShare)) {
        throw new ApiError('UNAVAILABLE', 'Too many watch jobs at the moment; try again shortly.', {
          headers: { 'Retry-After': '5' },
        });
      }
      const job = jobs.get(jobId) ?? { organizationId, jobId, watches: new Set(), readThrough: Infinity };
      jobs.set(jobId, job);
      const watch: Watch = { job, key: keys.hold({ apiKeyId, lookup }), seq: afterSeq, watcher };
      job.watches.add(watch);
      watches.add(watch);
      watchesOf.set(organizationId, ofOrganization + 1);
      if (afterSeq < job.readThrough || !notifications.isConnected()) jobRounds.add(job);
      return () => {
        stop(watch);
      };
    },
    drain() {
      isDraining = true;
      for (const watch of [...watches]) end(watch, { reason: 'draining' });
    },
    async close() {
      await Promise.all([notifications.close(), jobRounds.close(), keys.close()]);
    },
    size: () => watches.size,
  };
}

/** Behind which event the watcher is that has the fewest. */
function firstSeqOf({ watches }: WatchedJob): number {
  let first = Infinity;
  for (const { seq } of watches) first = Math.min(first, seq);
  return first;
}
