import { orderCancellation } from '../../db/cancellations.ts';
import { stopLockedJob } from '../../db/end-of-job.ts';
import { lockJob } from '../../db/job-moves.ts';
import { ApiError } from '../../domain/errors.ts';
import { formatId } from '../../domain/ids.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { acceptedCancellation, refusedCancellation } from '../../schemas/job.ts';
import type { Deps } from '../deps.ts';
import { jobNotFound } from './refusals.ts';

export const cancelJob = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/jobs/:jobId/cancel',
  operationId: 'cancelJob',
  tag: 'Jobs',
  summary: 'Cancel a job',
  description: `Stops a running job, usually within two seconds, also in the middle of an image. It ends \`canceled\`, and its influencer
\`failed\`; the images that were rendered stay, and a retry draws the others. The answer says that the wish is stored, not that the job
has ended: read the job for that. Asking again does no harm. A job that has ended is left alone (\`accepted: false\`); one in
\`finalizing\` cannot be stopped any more.`,
  scope: 'jobs:cancel',
  rateClass: 'write-light',
  replies: {
    202: { description: 'It will be stopped.', schema: acceptedCancellation },
    200: { description: 'It has ended already.', schema: refusedCancellation },
  },
  errors: ['NOT_FOUND', 'CONFLICT'],
  async handle({ principal, params }, { database, dispatcher, newId }) {
    const job = await lockJob(database, { ...principal, id: params.jobId });
    if (job === undefined) throw jobNotFound();
    const jobId = formatId('job', job.jobId);
    if (job.stage === null) {
      return { status: 200, body: { jobId, accepted: false, reason: 'ALREADY_COMPLETED' } };
    }
    if (job.stage === 'finalizing') {
      throw new ApiError('CONFLICT', 'The job is being finalized and cannot be canceled any more.', {
        details: { subcode: 'JOB_CANCEL_UNAVAILABLE', jobId, stage: job.stage },
      });
    }
    const accepted = { status: 202, body: { jobId, accepted: true } } as const;
    if (!job.isDispatched) {
      // No workflow runs for it. One that is being started at this moment finds that the attempt has ended.
      await stopLockedJob(database, { ...job, stopReason: 'canceled' }, newId());
      return accepted;
    }
    await orderCancellation(database, job, 'canceled');
    return {
      ...accepted,
      afterCommit: () => {
        dispatcher.cancellations.offer(job);
      },
    };
  },
});
