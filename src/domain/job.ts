// What a job is and how it may move. Postgres keeps it, the workflow moves it, the jobs endpoint tells it.

import { errorCodes, type ErrorCode, type JobError } from './errors.ts';
import { shots as allShots, type Shot, type ShotStatus } from './shots.ts';

export const jobKinds = ['influencer_create'] as const;
export type JobKind = (typeof jobKinds)[number];

export const jobStatuses = ['running', 'completed', 'failed', 'canceled'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** The stages of a running job, in order; a job that has ended has none. */
export const jobStages = ['queued', 'copying_references', 'rendering', 'finalizing'] as const;
export type JobStage = (typeof jobStages)[number];

export const jobEventTypes = ['job.accepted', 'job.progress', 'job.completed', 'job.failed', 'job.canceled'] as const;

export const waitingReasons = [
  'queued',
  'retrying',
  'rate_limited',
  'no_worker',
  'paused',
  'engine_unavailable',
] as const;

/** One run of a job: what workflows and activities are told. Everything else they read from Postgres. */
export interface JobAttempt {
  jobId: string;
  attempt: number;
}

/** Names the workflow of an attempt: the job's id, and from the second attempt on the id with the attempt's number. */
export const workflowIdOf = ({ jobId, attempt }: JobAttempt): string =>
  attempt === 1 ? jobId : `${jobId}.${String(attempt)}`;

/** The memo of a workflow that says where the console shows its job. */
export const consoleUrlMemo = 'consoleUrl';

/** All images are there. */
export const finalizingProgress = 0.97;

/** How much of the work the images are, each of which counts once it is settled. */
export const imagesShare = 0.9;

/** How much of a job is done with so much of its images settled, from 0 to 1. */
export const settledProgress = (share: number): number => 0.05 + imagesShare * share;

/** How much of a running job is done, from 0 to 1. */
export function progressOf(
  stage: JobStage,
  { shots, shotStatuses }: { shots: readonly Shot[]; shotStatuses: Partial<Record<Shot, ShotStatus>> },
): number {
  const settled = shots.filter((shot) => shotStatuses[shot] === 'rendered' || shotStatuses[shot] === 'failed').length;
  switch (stage) {
    case 'queued':
      return 0;
    case 'copying_references':
      return 0.02;
    case 'rendering':
      return settledProgress(settled / shots.length);
    case 'finalizing':
      return finalizingProgress;
  }
}

/** Why a running attempt is to be stopped: its caller asked for it, or it did not end in time. */
export type StopReason = 'canceled' | 'timed_out';

/** What an influencer's `errorMessage` says of a job that was canceled. */
export const canceledMessage = 'The job was canceled before all images were rendered.';

/** What a job fails with that does not end by itself: an operator ended its workflow, or its time is up. */
export const outsideFailure = (code: 'TERMINATED' | 'TIMED_OUT'): JobError => ({
  code,
  message: errorCodes[code].meaning,
  retryable: errorCodes[code].retryable,
  details: null,
});

/** The workflow's query: what a running job says of itself to the jobs endpoint and to operators. */
export const jobStateQuery = 'jobState';

export interface JobState {
  stage: JobStage;
  shots: Partial<Record<Shot, ShotStatus>>;
}

/** What becomes of a job some of whose images failed for good; `total` counts all its images. */
export function renderFailure(failed: Partial<Record<Shot, ErrorCode>>, total: number): JobError {
  const shots = allShots.filter((shot) => shot in failed);
  const isRejected = Object.values(failed).every((code) => code === 'CONTENT_REJECTED');
  const code = isRejected ? 'CONTENT_REJECTED' : 'RENDER_FAILED';
  return {
    code,
    message: `${String(shots.length)} of ${String(total)} images could not be rendered: ${shots.join(', ')}.`,
    retryable: errorCodes[code].retryable,
    details: { shots },
  };
}
