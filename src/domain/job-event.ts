// A job's event as callers see it, in streams and in webhooks: the same row gives the same bytes, however often it is told.

import type { ErrorCode } from './errors.ts';
import { formatId } from './ids.ts';
import type { jobEventTypes, JobStage, JobStatus } from './job.ts';
import type { Shot } from './shots.ts';

type JobEventType = (typeof jobEventTypes)[number];

/** Why a shot, or in the event that ends it the job, failed. */
interface EventError {
  code: ErrorCode;
  message: string;
  retryable?: boolean;
  details?: Record<string, unknown> | null;
}

/** An event as Postgres has it: ids are UUIDs. */
export interface JobEventRow {
  jobId: string;
  seq: number;
  type: JobEventType;
  at: Date;
  status: JobStatus;
  stage: JobStage | null;
  progress: number;
  attempt: number;
  shot: Shot | null;
  assetId: string | null;
  error: EventError | null;
}

export interface JobEvent {
  seq: number;
  jobId: string;
  type: JobEventType;
  at: string;
  status: JobStatus;
  stage: JobStage | null;
  progress: number;
  attempt: number;
  shot?: Shot;
  assetId?: string;
  error?: EventError;
}

/** How far a job is, as callers see it: to the thousandth. */
export const shownProgress = (progress: number): number => Math.round(progress * 1000) / 1000;

/** Tells an event without URLs, which would differ from one hour to the next. */
export const jobEventOf = (row: JobEventRow): JobEvent => ({
  seq: row.seq,
  jobId: formatId('job', row.jobId),
  type: row.type,
  at: row.at.toISOString(),
  status: row.status,
  stage: row.stage,
  progress: shownProgress(row.progress),
  attempt: row.attempt,
  ...(row.shot === null ? {} : { shot: row.shot }),
  ...(row.assetId === null ? {} : { assetId: formatId('asset', row.assetId) }),
  ...(row.error === null ? {} : { error: row.error }),
});
