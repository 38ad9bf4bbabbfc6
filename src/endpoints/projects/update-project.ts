import { updateProject as changeProject } from '../../db/projects.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { project, updateProjectBody } from '../../schemas/project.ts';
import type { Deps } from '../deps.ts';
import { projectNotFound, projectRecord } from './project-record.ts';

export const updateProject = defineEndpoint<Deps>()({
  method: 'patch',
  path: '/v1/projects/:projectId',
  operationId: 'updateProject',
  tag: 'Projects',
  summary: 'Change a project',
  description: `Changes the fields that you send, at least one; null clears those that may be empty. \`status: "active"\` undoes archiving,
and is without effect on a project that is active. An archived project can be changed and stays archived.`,
  scope: 'projects:write',
  rateClass: 'write-light',
  body: updateProjectBody,
  replies: { 200: { description: 'The project as it is now.', schema: project } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params, body }, { database }) {
    const { organizationId, environment } = principal;
    const row = await changeProject(database, { organizationId, environment, id: params.projectId }, body);
    if (row === undefined) throw projectNotFound();
    return { status: 200, body: projectRecord(row) };
  },
});
