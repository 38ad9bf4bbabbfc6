import { listJobs as jobsOf } from '../../db/jobs.ts';
import { parseId } from '../../domain/ids.ts';
import { jobStatuses } from '../../domain/job.ts';
import { pageOf } from '../../http/cursors.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { jobPage, jobsQuery } from '../../schemas/job.ts';
import type { Deps } from '../deps.ts';
import { jobListItem } from './job-record.ts';

export const listJobs = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/jobs',
  operationId: 'listJobs',
  tag: 'Jobs',
  summary: 'List jobs',
  description: `Gives the jobs of your key's environment, the newest first, each in short: its images, its result, and why nothing moves
are told by the job itself. A page goes on where \`nextCursor\` of the one before says; a cursor is good for the filters that it came
with, and for any \`limit\`. An unknown project or influencer has no jobs.`,
  scope: 'jobs:read',
  rateClass: 'read-light',
  query: jobsQuery,
  replies: { 200: { description: 'A page of jobs.', schema: jobPage } },
  errors: [],
  async handle({ principal, query }, { database, cursors }) {
    const { organizationId, environment } = principal;
    const { status = jobStatuses, kind, projectId, influencerId, limit, cursor } = query;
    const filters = {
      statuses: [...new Set(status)].sort(),
      kind,
      projectId: projectId === undefined ? undefined : parseId('project', projectId),
      influencerId: influencerId === undefined ? undefined : parseId('influencer', influencerId),
    };
    const list = { of: 'jobs', organizationId, environment, ...filters };
    const rows = await jobsOf(
      database,
      { organizationId, environment },
      { ...filters, after: cursors.read(list, cursor), limit: limit + 1 },
    );
    return {
      status: 200,
      body: pageOf(rows, {
        limit,
        itemOf: jobListItem,
        cursorOf: ({ startedAt, jobId }) => cursors.after(list, { at: startedAt, id: jobId }),
      }),
    };
  },
});
