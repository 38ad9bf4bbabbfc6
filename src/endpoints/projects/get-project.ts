import { findProject } from '../../db/projects.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { project } from '../../schemas/project.ts';
import type { Deps } from '../deps.ts';
import { projectNotFound, projectRecord } from './project-record.ts';

export const getProject = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/projects/:projectId',
  operationId: 'getProject',
  tag: 'Projects',
  summary: 'Read a project',
  description: 'Gives the project, archived or not.',
  scope: 'projects:read',
  rateClass: 'read-light',
  replies: { 200: { description: 'The project.', schema: project } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params }, { database }) {
    const row = await findProject(database, { ...principal, id: params.projectId });
    if (row === undefined) throw projectNotFound();
    return { status: 200, body: projectRecord(row) };
  },
});
