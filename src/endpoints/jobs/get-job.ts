import { findJob } from '../../db/jobs.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { job } from '../../schemas/job.ts';
import type { Deps } from '../deps.ts';
import { jobRecord } from './job-record.ts';
import { jobNotFound } from './refusals.ts';
import { jobEtagOf, waitForJob } from './wait-for-job.ts';

export const getJob = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/jobs/:jobId',
  operationId: 'getJob',
  tag: 'Jobs',
  summary: 'Read a job',
  description: `Tells where a job stands: its stage and progress, each image as soon as it is rendered, and, while it runs, why
nothing moves (\`waiting\`) and when it should be done (\`eta\`). These two are in the body and never in the \`ETag\`, which changes with
each step of the job.

To hear of a change at once, send \`Prefer: wait=30\` with the \`ETag\` that you have in \`If-None-Match\`; to have the job once it has ended,
without it. Such a call counts as one.`,
  scope: 'jobs:read',
  rateClass: 'read-light',
  canWait: true,
  replies: { 200: { description: 'The job.', schema: job, hasEtag: true } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params, wait }, { database, liveJobs, jobFeed, medianDrawingMs, urls, now }) {
    if (wait !== null) await waitForJob({ principal, jobId: params.jobId, wait }, { database, jobFeed, now });
    const row = await findJob(database, { ...principal, id: params.jobId });
    if (row === undefined) throw jobNotFound();
    const hasWorkflow = row.status === 'running' && row.dispatchedAt !== null;
    const signing = { urls, now: now() };
    return {
      status: 200,
      body: jobRecord(row, {
        live: hasWorkflow ? await liveJobs.of(row) : null,
        drawingMs: hasWorkflow ? await medianDrawingMs(row.renderer) : null,
        ...signing,
      }),
      etag: jobEtagOf(row.version, signing.now),
    };
  },
});
