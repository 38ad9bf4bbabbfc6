import { allows } from '../../domain/scopes.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { job } from '../../schemas/job.ts';
import type { Deps } from '../deps.ts';
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
  async handle({ principal, params: { jobId }, wait }, { findJobVersion, findJobBody, jobFeed, now }) {
    if (wait !== null) await waitForJob({ principal, jobId, wait }, { findJobVersion, jobFeed, now });
    const found = await findJobBody({ ...principal, id: jobId, isAdmin: allows(principal.scopes, 'org:admin') });
    if (found === undefined) throw jobNotFound();
    return { status: 200, body: found.body, etag: jobEtagOf(found.version, found.at) };
  },
});
