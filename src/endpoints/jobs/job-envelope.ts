import type { AcceptedReply } from '../../db/idempotency-keys.ts';
import { formatId } from '../../domain/ids.ts';
import type { JobEnvelope } from '../../schemas/job.ts';

export const jobLocation = (jobId: string): string => `/v1/jobs/${formatId('job', jobId)}`;

/** What a caller gets for a job, or an attempt of it, that was accepted just now. */
export const jobEnvelope = (job: AcceptedReply): JobEnvelope => ({
  jobId: formatId('job', job.jobId),
  kind: 'influencer_create',
  status: 'running',
  stage: 'queued',
  influencerId: formatId('influencer', job.influencerId),
  projectId: formatId('project', job.projectId),
  locationUrl: jobLocation(job.jobId),
  startedAt: job.startedAt.toISOString(),
});
