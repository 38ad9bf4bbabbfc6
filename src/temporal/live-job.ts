// What only Temporal knows of a running job: why nothing moves. It is asked within a deadline, once at a time for a job, with
// the answer shared for a quarter of a second, at most so often a second, and not for a while after it failed: however many
// poll, Temporal and the workers do not feel it.

import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { jobStateQuery, type JobAttempt, type JobState } from '../domain/job.ts';
import { errorCodes, type ErrorCode } from '../domain/errors.ts';
import { jobWorkflowId } from './start-workflow.ts';

/** A step of a job that is not under way: it will be tried again, or an operator paused it. */
interface HeldStep {
  reason: 'retrying' | 'paused';
  attempt: number;
  since: Date;
  nextAttemptAt: Date | null;
  /** The code that it failed with the last time. */
  code: ErrorCode | null;
}

export type LiveJob = {
  /** Until when, by `performance.now()`, whoever asks is told the same. */
  sharedUntil: number;
} & (
  | { answered: true; heldSteps: HeldStep[]; state: JobState | null }
  /** Temporal could not be asked, since then. */
  | { answered: false; since: Date }
);

export interface LiveJobs {
  /** Asks Temporal about a running attempt; null when it was asked too much already. Never throws, and never takes long. */
  of: (attempt: JobAttempt) => Promise<LiveJob | null>;
}

const deadlineMs = 300;
const sharedForMs = 250;
const quietAfterFailureMs = 5_000;
const maxAsksPerSecond = 20;

const sharedUntil = (): number => performance.now() + sharedForMs;

export function createLiveJobs(temporal: Client, log: Logger): LiveJobs {
  const shared = new Map<string, Promise<LiveJob>>();
  let asksInThisSecond = 0;
  let second = 0;
  let awaySince: Date | null = null;
  let quietUntil = 0;

  const ask = async (workflowId: string): Promise<LiveJob> => {
    const handle = temporal.workflow.getHandle(workflowId);
    try {
      const [description, state] = await temporal.withDeadline(Date.now() + deadlineMs, () =>
        // The query needs a worker: without one it is not answered, and what the server itself knows is told all the same.
        Promise.all([handle.describe(), handle.query<JobState>(jobStateQuery).catch(() => null)]),
      );
      awaySince = null;
      const heldSteps = heldStepsOf(description.raw.pendingActivities ?? []);
      return { answered: true, heldSteps, state, sharedUntil: sharedUntil() };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        return { answered: true, heldSteps: [], state: null, sharedUntil: sharedUntil() };
      }
      if (awaySince === null) log.warn({ err: error }, 'Temporal did not answer for a running job');
      awaySince ??= new Date();
      quietUntil = Date.now() + quietAfterFailureMs;
      return { answered: false, since: awaySince, sharedUntil: sharedUntil() };
    }
  };

  return {
    of(attempt) {
      const workflowId = jobWorkflowId(attempt);
      const underWay = shared.get(workflowId);
      if (underWay !== undefined) return underWay;
      const now = Date.now();
      if (awaySince !== null && now < quietUntil) {
        return Promise.resolve({ answered: false, since: awaySince, sharedUntil: sharedUntil() });
      }
      if (Math.floor(now / 1000) !== second) {
        second = Math.floor(now / 1000);
        asksInThisSecond = 0;
      }
      if (asksInThisSecond >= maxAsksPerSecond) return Promise.resolve(null);
      asksInThisSecond++;
      const answer = ask(workflowId);
      shared.set(workflowId, answer);
      void answer.then(() => setTimeout(() => shared.delete(workflowId), sharedForMs).unref());
      return answer;
    },
  };
}

type Description = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>;
type PendingActivity = NonNullable<Description['raw']['pendingActivities']>[number];

/** The steps that do not move, of Temporal's list of activities that are not done; those that wait longest first. */
function heldStepsOf(pending: readonly PendingActivity[]): HeldStep[] {
  const scheduled = 1; // temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
  return pending
    .flatMap((step): HeldStep[] => {
      const isPaused = step.paused ?? false;
      const isRetrying = Number(step.state) === scheduled && (step.attempt ?? 1) > 1;
      if (!isPaused && !isRetrying) return [];
      const type = step.lastFailure?.applicationFailureInfo?.type ?? '';
      return [
        {
          reason: isPaused ? 'paused' : 'retrying',
          attempt: step.attempt ?? 1,
          since: dateOf(step.lastAttemptCompleteTime ?? step.scheduledTime) ?? new Date(),
          nextAttemptAt: isPaused ? null : dateOf(step.nextAttemptScheduleTime),
          code: type in errorCodes ? (type as ErrorCode) : null,
        },
      ];
    })
    .sort((a, b) => a.since.getTime() - b.since.getTime());
}

type Timestamp = PendingActivity['scheduledTime'];

const dateOf = (time: Timestamp): Date | null =>
  time?.seconds === undefined || time.seconds === null
    ? null
    : new Date(Number(time.seconds) * 1000 + (time.nanos ?? 0) / 1_000_000);
