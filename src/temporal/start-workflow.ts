import type { Client } from '@temporalio/client';
import type { Dispatch } from '../db/dispatch.ts';
import { formatId } from '../domain/ids.ts';
import { consoleUrlMemo, workflowIdOf } from '../domain/job.ts';
import { fairnessWeights } from '../domain/scopes.ts';
import { priorities } from '../domain/priorities.ts';
import { taskQueues } from '../domain/task-queues.ts';
import { searchAttributesOf } from './search-attributes.ts';
import { startOnce } from './start-once.ts';

/** Names the workflow of a job's attempt in Temporal: the job's id as callers see it. */
export const jobWorkflowId = ({ jobId, attempt }: Pick<Dispatch, 'jobId' | 'attempt'>): string =>
  workflowIdOf({ jobId: formatId('job', jobId), attempt });

interface Starting {
  isEager?: boolean;
  /** Where the console is that its details lead to. */
  publicUrl?: string | null | undefined;
}

/**
 * Starts the workflow of a job's attempt. Safe to repeat: one that runs, or that ran, is left alone. An eager start asks for its first
 * task, for a worker on the same connection.
 */
export async function startJobWorkflow(
  temporal: Client,
  job: Dispatch,
  { isEager = false, publicUrl = null }: Starting = {},
): Promise<void> {
  const organizationId = formatId('organization', job.organizationId);
  const influencerId = formatId('influencer', job.influencerId);
  const source = job.sourceInfluencerId === null ? null : formatId('influencer', job.sourceInfluencerId);
  await startOnce(temporal, 'influencerCreate', {
    workflowId: jobWorkflowId(job),
    taskQueue: taskQueues.influencers,
    requestEagerStart: isEager,
    args: [{ jobId: job.jobId, attempt: job.attempt }],
    // Its activities have it too. Workers are shared by organizations, and what came as one of many waits for what came alone.
    priority: {
      fairnessKey: organizationId,
      fairnessWeight: fairnessWeights[job.tier],
      priorityKey: job.hasWaited ? priorities.bulk : priorities.single,
    },
    typedSearchAttributes: searchAttributesOf(job),
    staticSummary: source === null ? `Create ${influencerId}` : `Clone ${source} → ${influencerId}`,
    staticDetails: [
      `Renders the reference images of **${influencerId}**, attempt ${String(job.attempt)}.`,
      `Organization ${organizationId}, project ${formatId('project', job.projectId)}.`,
      ...(source === null ? [] : [`Cloned from ${source}.`]),
      'Cancel, terminate and reset are safe: Postgres decides what the job is, and hears of each within a minute.',
    ].join('\n\n'),
    memo: {
      ...{ jobId: formatId('job', job.jobId), influencerId, attempt: job.attempt },
      ...(publicUrl === null ? {} : { [consoleUrlMemo]: `${publicUrl}/console/jobs/${formatId('job', job.jobId)}` }),
    },
  });
}
