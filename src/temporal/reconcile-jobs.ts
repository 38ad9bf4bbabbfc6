import type { Knex } from 'knex';
import { orderCancellation } from '../db/cancellations.ts';
import { failLockedJob, stopLockedJob } from '../db/end-of-job.ts';
import { lockRunningJob, type RunningJob } from '../db/job-moves.ts';
import { findOverdueJobs, findStillJobs, restartAttempt, type StillJob } from '../db/reconciliation.ts';
import { outsideFailure, type JobAttempt } from '../domain/job.ts';
import type { Reconciliation } from './reconciliation.ts';
import { jobWorkflowId } from './start-workflow.ts';

const pageSize = 200;
/** How often an attempt whose workflow Temporal does not know is started anew; it fails the next time. */
export const maxRestarts = 3;

/** Changes an attempt that still runs, under its lock. */
const change = (
  { database }: Reconciliation,
  job: JobAttempt,
  make: (trx: Knex, running: RunningJob) => Promise<void>,
): Promise<void> =>
  database.transaction(async (trx) => {
    const locked = await lockRunningJob(trx, job);
    if (locked !== undefined) await make(trx, locked);
  });

/** Stops attempts whose time is up; needs no Temporal for those that were never started. */
export async function stopOverdueJobs(by: Reconciliation, attemptTimeoutMinutes: number): Promise<void> {
  const overdue = await findOverdueJobs(by.database, attemptTimeoutMinutes, pageSize);
  await by.withEach(overdue, async (job) => {
    by.log.warn(job, 'the time of a job is up; it is stopped');
    await change(by, job, async (trx, locked) => {
      if (locked.isDispatched) await orderCancellation(trx, job, 'timed_out');
      else await stopLockedJob(trx, { ...locked, stopReason: 'timed_out' }, by.newId());
    });
    by.cancellations.offer(job);
  });
}

/** Asks Temporal about each job that was started and does not move, and does what follows from the answer. */
export async function reconcileJobs(by: Reconciliation): Promise<void> {
  let after: StillJob | null = null;
  do {
    const page: StillJob[] = await findStillJobs(by.database, after, pageSize);
    await by.withEach(page, (job) => reconcileJob(by, job));
    after = page.length === pageSize ? (page.at(-1) ?? null) : null;
  } while (after !== null && !by.signal.aborted);
}

async function reconcileJob(by: Reconciliation, job: StillJob): Promise<void> {
  const workflowId = jobWorkflowId(job);
  const workflow = await by.lookAt(workflowId);
  const because = { jobId: job.jobId, attempt: job.attempt, workflow: workflow.status };
  if (workflow.status === 'RUNNING') {
    if (job.stopReason === null) return;
    if (job.isLongOverdue) {
      by.log.warn(because, 'a workflow does not stop; its job ends without it');
      // The workflow first: once the job has ended, nobody would look for it again.
      await by.terminate(workflowId, 'Its job was to be stopped, and it does not stop.');
      await change(by, job, (trx, locked) => stopLockedJob(trx, locked, by.newId()));
    } else if (!workflow.isCancelRequested) {
      await change(by, job, (trx) => orderCancellation(trx, job)); // a reset forgets it
      by.cancellations.offer(job);
    }
    return;
  }
  if (workflow.status === 'UNKNOWN' && job.stopReason === null && job.restarts < maxRestarts) {
    by.log.warn(because, 'Temporal does not know the workflow of a job; it is started anew');
    await change(by, job, (trx) => restartAttempt(trx, job));
    return;
  }
  by.log.warn(because, 'the workflow of a job has ended and the job had not; it ends now');
  await change(by, job, (trx, locked) => {
    const isStopped = locked.stopReason !== null || workflow.status === 'CANCELLED';
    return isStopped
      ? stopLockedJob(trx, locked, by.newId())
      : failLockedJob(trx, locked, outsideFailure('TERMINATED'), by.newId());
  });
}
