import type { ProjectRow } from '../../db/projects.ts';
import { ApiError } from '../../domain/errors.ts';
import { formatId } from '../../domain/ids.ts';
import type { Project } from '../../schemas/project.ts';

/** A project as callers see it. */
export const projectRecord = ({ id, createdAt, updatedAt, archivedAt, ...row }: ProjectRow): Project => ({
  id: formatId('project', id),
  ...row,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
  archivedAt: archivedAt?.toISOString() ?? null,
});

/** What a caller is told of a project that is not there, of another organization, or of the other environment. */
export const projectNotFound = (): ApiError => new ApiError('NOT_FOUND', 'Project not found.');
