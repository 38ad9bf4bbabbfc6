import { archiveProject as endProject } from '../../db/projects.ts';
import { formatId } from '../../domain/ids.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { archivedProject } from '../../schemas/project.ts';
import type { Deps } from '../deps.ts';
import { projectNotFound } from './project-record.ts';

export const archiveProject = defineEndpoint<Deps>()({
  method: 'delete',
  path: '/v1/projects/:projectId',
  operationId: 'archiveProject',
  tag: 'Projects',
  summary: 'Archive a project',
  description: `Archives the project: nothing can be created or cloned in it any more, and all that is in it stays and can be read. Jobs
that run go on. A repeat changes nothing. PATCH \`status: "active"\` undoes it.`,
  scope: 'projects:write',
  rateClass: 'write-light',
  replies: { 200: { description: 'Archived.', schema: archivedProject } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params }, { database }) {
    const { organizationId, environment } = principal;
    const archivedAt = await endProject(database, { organizationId, environment, id: params.projectId });
    if (archivedAt === undefined) throw projectNotFound();
    return {
      status: 200,
      body: { id: formatId('project', params.projectId), status: 'archived', archivedAt: archivedAt.toISOString() },
    };
  },
});
