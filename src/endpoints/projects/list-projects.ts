import { listProjects as projectsOf } from '../../db/projects.ts';
import { pageOf } from '../../http/cursors.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { projectPage, projectsQuery } from '../../schemas/project.ts';
import type { Deps } from '../deps.ts';
import { projectRecord } from './project-record.ts';

export const listProjects = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/projects',
  operationId: 'listProjects',
  tag: 'Projects',
  summary: 'List projects',
  description: `Gives the projects of your key's environment, archived ones too unless you ask for a status, the newest first. A page
goes on where \`nextCursor\` of the one before says; a cursor is good for the filters that it came with, and for any \`limit\`.`,
  scope: 'projects:read',
  rateClass: 'read-light',
  query: projectsQuery,
  replies: { 200: { description: 'A page of projects.', schema: projectPage } },
  errors: [],
  async handle({ principal, query }, { database, cursors }) {
    const { organizationId, environment } = principal;
    const { limit, cursor, ...filters } = query;
    const status = filters.status === undefined ? null : [...new Set(filters.status)].sort();
    const list = { of: 'projects', organizationId, environment, ...filters, status };
    const rows = await projectsOf(database, {
      ...{ organizationId, environment },
      ...filters,
      after: cursors.read(list, cursor),
      limit: limit + 1,
    });
    return {
      status: 200,
      body: pageOf(rows, {
        limit,
        itemOf: projectRecord,
        cursorOf: ({ createdAt, id }) => cursors.after(list, { at: createdAt, id }),
      }),
    };
  },
});
