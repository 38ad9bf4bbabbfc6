import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { markCancellationDelivered } from '../db/cancellations.ts';
import { stopLockedJob } from '../db/end-of-job.ts';
import { lockRunningJob } from '../db/job-moves.ts';
import type { JobAttempt } from '../domain/job.ts';
import { jobWorkflowId } from './start-workflow.ts';

interface CancelDeps {
  database: Knex;
  temporal: Client;
  newId: () => string;
}

/**
 * Cancels the workflow of an attempt; what it then does ends the job. Where Temporal has no such workflow, or it is closed, there
 * is nothing that would: the job ends here. Safe to repeat.
 */
export async function cancelJobWorkflow({ database, temporal, newId }: CancelDeps, job: JobAttempt): Promise<void> {
  try {
    await temporal.workflow.getHandle(jobWorkflowId(job)).cancel();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    await database.transaction(async (trx) => {
      const running = await lockRunningJob(trx, job);
      if (running !== undefined && running.stopReason !== null) await stopLockedJob(trx, running, newId());
    });
  }
  await markCancellationDelivered(database, job);
}
