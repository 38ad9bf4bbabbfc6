import { findJob } from '../../db/jobs.ts';
import { ApiError } from '../../domain/errors.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { job } from '../../schemas/job.ts';
import { hourOf } from '../../storage/signed-urls.ts';
import type { Deps } from '../deps.ts';
import { jobRecord } from './job-record.ts';

export const getJob = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/jobs/:jobId',
  operationId: 'getJob',
  tag: 'Jobs',
  summary: 'Read a job',
  description: `Tells where a job stands: its stage and progress, each image as soon as it is rendered, and, while it runs, why
nothing moves (\`waiting\`) and when it should be done (\`eta\`). These two are in the body and never in the \`ETag\`, which changes with
each step of the job.`,
  scope: 'jobs:read',
  rateClass: 'read-light',
  replies: { 200: { description: 'The job.', schema: job, hasEtag: true } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params }, { database, liveJobs, medianRenderingMs, urls, now }) {
    const row = await findJob(database, { ...principal, id: params.jobId });
    if (row === undefined) throw new ApiError('NOT_FOUND', 'Job not found.');
    const hasWorkflow = row.status === 'running' && row.dispatchedAt !== null;
    const signing = { urls, now: now() };
    return {
      status: 200,
      body: jobRecord(row, {
        live: hasWorkflow ? await liveJobs.of(row) : null,
        medianRenderingMs: row.renderingAt === null ? null : await medianRenderingMs(row.renderer),
        ...signing,
      }),
      etag: `${String(row.version)}-${String(hourOf(signing.now))}`,
    };
  },
});
