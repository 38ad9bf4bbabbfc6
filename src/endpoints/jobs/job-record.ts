import type { JobListRow, JobRow } from '../../db/jobs.ts';
import { errorCodes, type ErrorCode } from '../../domain/errors.ts';
import { etaOf } from '../../domain/eta.ts';
import { formatId } from '../../domain/ids.ts';
import { shownProgress } from '../../domain/job-event.ts';
import type { Job, JobListItem } from '../../schemas/job.ts';
import type { SignedUrls } from '../../storage/signed-urls.ts';
import type { LiveJob } from '../../temporal/live-job.ts';
import { referenceImageOf } from '../influencers/influencer-record.ts';
import { jobLocation } from './job-envelope.ts';

interface Beside {
  live: LiveJob | null;
  /** How long a drawing takes; null where none tells. */
  drawingMs: number | null;
  urls: SignedUrls;
  now: Date;
  /** Its workflow in Temporal's UI; null for whom that is not. */
  workflowUrl: string | null;
}

/** A job as lists show it. */
export const jobListItem = (row: JobListRow): JobListItem => ({
  jobId: formatId('job', row.jobId),
  kind: row.kind,
  status: row.status,
  stage: row.stage,
  progress: shownProgress(row.progress),
  attempt: row.attempt,
  influencerId: formatId('influencer', row.influencerId),
  projectId: formatId('project', row.projectId),
  locationUrl: jobLocation(row.jobId),
  startedAt: row.startedAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
  error: row.error,
});

/** A job as callers see it: Postgres's row, and for a running one what Temporal knows beside it. */
export function jobRecord(row: JobRow, { live, drawingMs, urls, now, workflowUrl }: Beside): Job {
  const items = row.shots.map((shot): Job['images']['items'][number] => {
    const drawn = row.shotRows.find((one) => one.shot === shot);
    return {
      shot,
      status: drawn?.status ?? 'pending',
      assetId: drawn?.assetId == null ? null : formatId('asset', drawn.assetId),
      url: drawn?.storageKey == null ? null : urls.urlOf(drawn.storageKey, now),
      thumbnailUrl: drawn?.thumbnailKey == null ? null : urls.urlOf(drawn.thumbnailKey, now),
      error: drawn?.error ?? null,
    };
  });
  const waiting = waitingOf(row, live);
  const item = jobListItem(row);
  return {
    ...item,
    images: {
      total: items.length,
      rendered: items.filter(({ status }) => status === 'rendered').length,
      failed: items.filter(({ status }) => status === 'failed').length,
      items,
    },
    waiting,
    eta: waiting === null ? etaFor(row, live, drawingMs, now) : null,
    result:
      row.status === 'completed'
        ? {
            influencerId: item.influencerId,
            referenceImages: row.referenceImages.map((image) => referenceImageOf(image, { urls, now })),
          }
        : null,
    ...(workflowUrl === null ? {} : { links: { temporal: workflowUrl } }),
  };
}

/** Why nothing moves, as far as it is known: what is not known is not claimed. */
function waitingOf(row: JobRow, live: LiveJob | null): Job['waiting'] {
  if (row.status !== 'running') return null;
  if (live?.answered === false) return { reason: 'engine_unavailable', since: live.since.toISOString() };
  if (!row.workerLives) {
    return { reason: 'no_worker', since: (row.workerSeenAt ?? row.attemptAt).toISOString() };
  }
  const [held] = live?.heldSteps ?? [];
  if (held !== undefined) {
    return {
      reason: held.code === 'RATE_LIMITED' ? 'rate_limited' : held.reason,
      since: held.since.toISOString(),
      attempt: held.attempt,
      ...(held.nextAttemptAt === null ? {} : { nextAttemptAt: held.nextAttemptAt.toISOString() }),
      ...(held.code === null ? {} : { error: publicErrorOf(held.code) }),
    };
  }
  const isQueued = row.stage === 'queued' || row.dispatchedAt === null;
  return isQueued ? { reason: 'queued', since: row.attemptAt.toISOString() } : null;
}

/** What a step is tried again for: the words of these codes are otherwise about a request. */
const triedAgainFor: Partial<Record<ErrorCode, string>> = {
  RATE_LIMITED: 'Whatever makes the images takes no more for now; it is asked again.',
  UNAVAILABLE: 'Whatever makes the images does not answer now; it is asked again.',
};
const publicErrorOf = (code: ErrorCode) => ({ code, message: triedAgainFor[code] ?? errorCodes[code].meaning });

/** When a job that is being rendered should be done: only while its workflow says so itself, and others show how long it takes. */
function etaFor(row: JobRow, live: LiveJob | null, drawingMs: number | null, now: Date): string | null {
  const isRendering = live?.answered === true && live.state?.stage === 'rendering';
  if (!isRendering || drawingMs === null) return null;
  const times = row.shots.map((shot) => {
    const drawn = row.shotRows.find((one) => one.shot === shot);
    return {
      isSettled: drawn?.status === 'rendered' || drawn?.status === 'failed',
      startedAt: drawn?.startedAt == null ? null : new Date(drawn.startedAt),
    };
  });
  return etaOf(times, { drawingMs, now })?.toISOString() ?? null;
}
