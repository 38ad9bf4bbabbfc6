import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { Dispatch } from '../db/dispatch.ts';
import { formatId } from '../domain/ids.ts';
import { workflowIdOf } from '../domain/job.ts';
import { taskQueues } from '../domain/task-queues.ts';
import type * as workflows from '../../workflows/index.ts'; // types only: the API process loads no workflow code
import { searchAttributesOf } from './search-attributes.ts';

/** Names the workflow of a job's attempt in Temporal: the job's id as callers see it. */
export const jobWorkflowId = ({ jobId, attempt }: Pick<Dispatch, 'jobId' | 'attempt'>): string =>
  workflowIdOf({ jobId: formatId('job', jobId), attempt });

/** Starts the workflow of a job's attempt. Safe to repeat: one that runs, or that ran, is left alone. */
export async function startJobWorkflow(temporal: Client, job: Dispatch): Promise<void> {
  const name: keyof typeof workflows = 'influencerCreate';
  const input: Parameters<(typeof workflows)[typeof name]> = [{ jobId: job.jobId, attempt: job.attempt }];
  const influencerId = formatId('influencer', job.influencerId);
  const source = job.sourceInfluencerId === null ? null : formatId('influencer', job.sourceInfluencerId);
  try {
    await temporal.workflow.start(name, {
      workflowId: jobWorkflowId(job),
      taskQueue: taskQueues.influencers,
      args: input,
      workflowIdConflictPolicy: 'USE_EXISTING', // it runs already: nothing to do
      workflowIdReusePolicy: 'REJECT_DUPLICATE', // it ran already (within retention): an error that means done
      // A worker that dies with a workflow task is noticed after this; its tasks take milliseconds.
      workflowTaskTimeout: '10 seconds',
      typedSearchAttributes: searchAttributesOf(job),
      staticSummary: source === null ? `Create ${influencerId}` : `Clone ${source} → ${influencerId}`,
      staticDetails: [
        `Renders the reference images of **${influencerId}**, attempt ${String(job.attempt)}.`,
        `Organization ${formatId('organization', job.organizationId)}, project ${formatId('project', job.projectId)}.`,
        ...(source === null ? [] : [`Cloned from ${source}.`]),
        'Cancel, terminate and reset are safe: Postgres decides what the job is, and hears of each within a minute.',
      ].join('\n\n'),
      memo: { jobId: formatId('job', job.jobId), influencerId, attempt: job.attempt },
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
