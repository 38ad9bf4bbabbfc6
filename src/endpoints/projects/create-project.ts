import { insertProject } from '../../db/projects.ts';
import { ApiError } from '../../domain/errors.ts';
import { formatId, parseId } from '../../domain/ids.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { createProjectBody, project } from '../../schemas/project.ts';
import type { Deps } from '../deps.ts';
import { projectRecord } from './project-record.ts';

export const createProject = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/projects',
  operationId: 'createProject',
  tag: 'Projects',
  summary: 'Create a project',
  description: `Makes a project in the environment of your key; only keys of that environment see it and what is in it. With an \`id\` of
your own a repeat cannot make two: an id that your organization has already, in either environment, is \`CONFLICT\`.`,
  scope: 'projects:write',
  rateClass: 'write-light',
  body: createProjectBody,
  replies: { 201: { description: 'The project.', schema: project, hasLocation: true } },
  errors: ['CONFLICT'],
  async handle({ principal, body }, { database, newId }) {
    const { organizationId, environment } = principal;
    const id = body.id === undefined ? newId() : parseId('project', body.id);
    const row = await insertProject(database, { ...body, organizationId, environment, id });
    if (row === undefined) throw new ApiError('CONFLICT', 'Project with this id already exists.');
    return { status: 201, body: projectRecord(row), location: `/v1/projects/${formatId('project', id)}` };
  },
});
