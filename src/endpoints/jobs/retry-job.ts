import { isDeleted } from '../../db/influencers.ts';
import { lockJob } from '../../db/job-moves.ts';
import { retryLockedJob } from '../../db/retry.ts';
import { ApiError } from '../../domain/errors.ts';
import { queuedJobsLimits, runningJobsLimits } from '../../domain/scopes.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { jobEnvelope as jobEnvelopeSchema } from '../../schemas/job.ts';
import type { Deps } from '../deps.ts';
import { influencerNotFound } from '../influencers/refusals.ts';
import { jobEnvelope, jobLocation } from './job-envelope.ts';
import { jobNotFound, tooManyQueued } from './refusals.ts';

export const retryJob = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/jobs/:jobId/retry',
  operationId: 'retryJob',
  tag: 'Jobs',
  summary: 'Retry a job',
  description: `Begins the next attempt of a job that \`failed\` or was \`canceled\`: the same job id, \`attempt\` one higher. The images that
were rendered stay, only the missing ones are rendered, from the job's own input: changing the influencer in between changes no job.
The influencer is \`training\` again. A job that runs, or that completed, is 409.`,
  scope: 'influencers:write',
  rateClass: 'long-running',
  replies: { 202: { description: 'Accepted: the job runs again.', schema: jobEnvelopeSchema } },
  errors: ['NOT_FOUND', 'CONFLICT'],
  async handle({ principal, params }, { database, dispatcher, newId }) {
    const job = await lockJob(database, { ...principal, id: params.jobId });
    if (job === undefined) throw jobNotFound();
    if (await isDeleted(database, job)) throw influencerNotFound();
    if (job.status === 'running') throw new ApiError('CONFLICT', 'The job still runs.');
    if (job.status === 'completed') throw new ApiError('CONFLICT', 'The job has completed: nothing is missing.');
    const queuedLimit = queuedJobsLimits[principal.tier];
    const retried = await retryLockedJob(database, job, {
      eventId: newId(),
      queuedLimit,
      runningLimit: runningJobsLimits[principal.tier],
    });
    if (retried === undefined) throw tooManyQueued(queuedLimit);
    return {
      status: 202,
      body: jobEnvelope(retried),
      location: jobLocation(retried.jobId),
      afterCommit: () => {
        if (retried.mayStart) dispatcher.jobs.offer({ ...retried, tier: principal.tier, hasWaited: false });
      },
    };
  },
});
