import type { Environment } from '../domain/influencer.ts';
import type { ProjectStatus } from '../domain/project.ts';
import { query, type Trx } from './database.ts';

export interface ProjectRow {
  id: string;
  environment: Environment;
  name: string;
  timezone: string;
  customerExternalId: string | null;
  primaryLanguage: string | null;
  metadata: Record<string, unknown>;
  status: ProjectStatus;
  createdAt: Date;
  updatedAt: Date;
  archivedAt: Date | null;
}

const columns = `id, environment, name, timezone, customer_external_id as "customerExternalId",
  primary_language as "primaryLanguage", metadata, status, created_at as "createdAt", updated_at as "updatedAt",
  archived_at as "archivedAt"`;

interface OwnedProject {
  organizationId: string;
  environment: Environment;
  id: string;
}

const owned = 'organization_id = :organizationId and environment = :environment and id = :id';

/** Stores a project; undefined when the organization has the id already, in either environment. */
export async function insertProject(
  trx: Trx,
  project: OwnedProject & {
    name: string;
    timezone?: string | undefined;
    customerExternalId?: string | undefined;
    primaryLanguage?: string | undefined;
    metadata?: Record<string, unknown> | undefined;
  },
): Promise<ProjectRow | undefined> {
  const { timezone = 'UTC', customerExternalId = null, primaryLanguage = null, metadata = {}, ...rest } = project;
  const rows = await query<ProjectRow>(
    trx,
    `insert into projects (organization_id, id, environment, name, timezone, customer_external_id, primary_language, metadata)
     values (:organizationId, :id, :environment, :name, :timezone, :customerExternalId, :primaryLanguage, :metadata::jsonb)
     on conflict (organization_id, id) do nothing
     returning ${columns}`,
    { ...rest, timezone, customerExternalId, primaryLanguage, metadata: JSON.stringify(metadata) },
  );
  return rows[0];
}

/** Finds a project; undefined also for one of another organization or environment. */
export async function findProject(trx: Trx, project: OwnedProject): Promise<ProjectRow | undefined> {
  const rows = await query<ProjectRow>(trx, `select ${columns} from projects where ${owned}`, { ...project });
  return rows[0];
}

export interface ProjectFilters {
  status?: readonly ProjectStatus[] | undefined;
  /** A part of the name, whatever the case: taken literally. */
  search?: string | undefined;
  customerExternalId?: string | undefined;
}

/** Lists projects from the newest on, behind `after` where that is given. */
export async function listProjects(
  trx: Trx,
  list: Omit<OwnedProject, 'id'> & ProjectFilters & { after: { at: Date; id: string } | null; limit: number },
): Promise<ProjectRow[]> {
  const { organizationId, environment, status, search, customerExternalId, after, limit } = list;
  const conditions = [
    'organization_id = :organizationId and environment = :environment',
    ...(status === undefined ? [] : ['status = any(:status)']),
    // Not like: % and _ are letters of a name here.
    ...(search === undefined ? [] : ['position(lower(:search) in lower(name)) > 0']),
    ...(customerExternalId === undefined ? [] : ['customer_external_id = :customerExternalId']),
    ...(after === null ? [] : ['(created_at, id) < (:at, :id)']),
  ];
  return query<ProjectRow>(
    trx,
    `select ${columns} from projects where ${conditions.join(' and ')} order by created_at desc, id desc limit :limit`,
    {
      ...{ organizationId, environment, limit },
      ...(status === undefined ? {} : { status: [...status] }),
      ...(search === undefined ? {} : { search }),
      ...(customerExternalId === undefined ? {} : { customerExternalId }),
      ...(after === null ? {} : after),
    },
  );
}

/** Null clears; what is left out stays. */
export interface ProjectChanges {
  name?: string | undefined;
  timezone?: string | undefined;
  customerExternalId?: string | null | undefined;
  primaryLanguage?: string | null | undefined;
  metadata?: Record<string, unknown> | null | undefined;
  status?: 'active' | undefined;
}

/** Changes a project and gives it as it is then; undefined when there is none. */
export async function updateProject(
  trx: Trx,
  project: OwnedProject,
  changes: ProjectChanges,
): Promise<ProjectRow | undefined> {
  const { metadata, status, ...texts } = changes;
  const columnOf = {
    name: 'name',
    timezone: 'timezone',
    customerExternalId: 'customer_external_id',
    primaryLanguage: 'primary_language',
  } as const;
  const named = Object.entries(columnOf).filter(([field]) => texts[field as keyof typeof columnOf] !== undefined);
  const rows = await query<ProjectRow>(
    trx,
    `update projects
     set ${[
       ...named.map(([field, column]) => `${column} = :${field}`),
       ...(metadata === undefined ? [] : ['metadata = :metadata::jsonb']),
       ...(status === undefined ? [] : ['status = :status', 'archived_at = null']),
       'updated_at = now()',
     ].join(', ')}
     where ${owned} returning ${columns}`,
    {
      ...project,
      ...Object.fromEntries(named.map(([field]) => [field, texts[field as keyof typeof columnOf] ?? null])),
      ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata ?? {}) }),
      ...(status === undefined ? {} : { status }),
    },
  );
  return rows[0];
}

/** Archives a project and gives since when it is archived, which a repeat does not change; undefined when there is none. */
export async function archiveProject(trx: Trx, project: OwnedProject): Promise<Date | undefined> {
  const rows = await query<{ archivedAt: Date }>(
    trx,
    `update projects
     set status = 'archived', archived_at = coalesce(archived_at, now()),
         updated_at = case when status = 'archived' then updated_at else now() end
     where ${owned} returning archived_at as "archivedAt"`,
    { ...project },
  );
  return rows[0]?.archivedAt;
}
