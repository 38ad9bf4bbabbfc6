import type { IdentityChanges } from '../domain/clone.ts';
import type { Environment, Identity, InfluencerStatus, VisibleStatus } from '../domain/influencer.ts';
import { query, type Trx } from './database.ts';
import { changedIdentitySql } from './identity.ts';
import { imagesJsonSql, thumbnailKeySql, type StoredImage } from './images.ts';

export interface InfluencerRow {
  id: string;
  projectId: string;
  jobId: string;
  name: string;
  identity: Identity;
  clonedFrom: { influencerId: string; name: string; clonedAt: string } | null;
  status: VisibleStatus;
  errorMessage: string | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
  /** Uploaded ones first, then rendered ones in the order of the shots. */
  referenceImages: StoredImage[];
  startingImages: StoredImage[];
}

export interface OwnedId {
  organizationId: string;
  environment: Environment;
  id: string;
}

/** Which influencer is meant, where it is called `f`: one that is not deleted, of this organization and environment. */
const ownedSql =
  'f.organization_id = :organizationId and f.id = :id and f.environment = :environment and f.deleted_at is null';

/** Finds an influencer that is not deleted; undefined also for one of another organization or environment. */
export async function findInfluencer(trx: Trx, owned: OwnedId): Promise<InfluencerRow | undefined> {
  const rows = await query<InfluencerRow>(
    trx,
    `select f.id, f.project_id as "projectId", f.job_id as "jobId", f.name, f.identity,
            f.attributes->'clonedFrom' as "clonedFrom", f.status, f.error_message as "errorMessage", f.version,
            f.created_at as "createdAt", f.updated_at as "updatedAt",
            ${imagesJsonSql('f', ['uploaded', 'rendered'])} as "referenceImages",
            ${imagesJsonSql('f', ['starting'])} as "startingImages"
     from influencers f
     where ${ownedSql}`,
    { ...owned },
  );
  return rows[0];
}

/** Tells whether an influencer is deleted. In a transaction that holds its job, which a deletion waits for, it stays as it is. */
export async function isDeleted(
  trx: Trx,
  influencer: { organizationId: string; influencerId: string },
): Promise<boolean> {
  const rows = await query(
    trx,
    'select from influencers where organization_id = :organizationId and id = :influencerId and deleted_at is not null',
    { ...influencer },
  );
  return rows.length === 1;
}

export interface InfluencerListRow {
  id: string;
  name: string;
  gender: NonNullable<Identity['gender']> | null;
  ageRange: string | null;
  status: VisibleStatus;
  thumbnailKey: string | null;
  createdAt: Date;
}

export interface InfluencerFilters {
  /** Without duplicates. */
  statuses: readonly VisibleStatus[];
  sourceId: string | null;
}

/** Lists a project's influencers, newest first, from behind `after` on; undefined when there is no such project. */
export async function listInfluencers(
  trx: Trx,
  project: OwnedId,
  { statuses, sourceId, after, limit }: InfluencerFilters & { after: { at: Date; id: string } | null; limit: number },
): Promise<InfluencerListRow[] | undefined> {
  const isBehind = after === null ? '' : 'and (i.created_at, i.id) < (:at, :afterId)';
  // The newest of each status by themselves, since one index gives these in order, however rare a status is.
  const found =
    sourceId === null
      ? `select newest.*
         from unnest(:statuses::text[]) as wanted (status), lateral (
           select * from influencers i
           where i.organization_id = p.organization_id and i.project_id = p.id and i.deleted_at is null
             and i.status = wanted.status ${isBehind}
           order by i.created_at desc, i.id desc
           limit :limit
         ) newest`
      : `select * from influencers i
         where i.organization_id = p.organization_id and i.project_id = p.id and i.deleted_at is null
           and i.source_influencer_id = :sourceId and i.status = any(:statuses) ${isBehind}`;
  const rows = await query<InfluencerListRow | { id: null }>(
    trx,
    `select f.id, f.name, f.identity->>'gender' as gender, f.identity->>'ageRange' as "ageRange", f.status,
            ${thumbnailKeySql('f')} as "thumbnailKey", f.created_at as "createdAt"
     from projects p
     left join lateral (
       select * from (${found}) found order by created_at desc, id desc limit :limit
     ) f on true
     where p.organization_id = :organizationId and p.id = :id and p.environment = :environment
     order by f.created_at desc, f.id desc`,
    {
      ...project,
      ...{ statuses: [...statuses], sourceId, limit },
      ...(after === null ? {} : { at: after.at, afterId: after.id }),
    },
  );
  return rows.length === 0 ? undefined : rows.filter((row): row is InfluencerListRow => row.id !== null);
}

interface LockedInfluencer {
  organizationId: string;
  influencerId: string;
  projectId: string;
  version: number;
}

/**
 * Locks an influencer for this transaction, so that neither it nor what belongs to it changes elsewhere; undefined as
 * `findInfluencer`. A statement of its own: one that locks a row and updates it too can find itself in a deadlock with those
 * that wait for the row, where clones hold its key.
 */
export async function lockInfluencer(trx: Trx, owned: OwnedId): Promise<LockedInfluencer | undefined> {
  const rows = await query<LockedInfluencer>(
    trx,
    `select f.organization_id as "organizationId", f.id as "influencerId", f.project_id as "projectId", f.version
     from influencers f
     where ${ownedSql}
     for no key update`,
    { ...owned },
  );
  return rows[0];
}

/** Why nothing was changed: there is no such influencer, or it has another version than the caller expects. */
export type ChangeRefusal = 'missing' | 'other_version';

/** The versions that may be changed; null for any. */
type ExpectedVersions = readonly number[] | null;

async function lockExpected(
  trx: Trx,
  owned: OwnedId,
  expectedVersions: ExpectedVersions,
): Promise<LockedInfluencer | ChangeRefusal> {
  const influencer = await lockInfluencer(trx, owned);
  if (influencer === undefined) return 'missing';
  return expectedVersions?.includes(influencer.version) === false ? 'other_version' : influencer;
}

interface InfluencerChange {
  /** Undefined where it stays. */
  name: string | undefined;
  changes: IdentityChanges;
  expectedVersions: ExpectedVersions;
}

/** Changes an influencer's name and identity; its version rises when anything is different. In a transaction. */
export async function updateInfluencer(
  trx: Trx,
  owned: OwnedId,
  { name, changes, expectedVersions }: InfluencerChange,
): Promise<'done' | ChangeRefusal> {
  const influencer = await lockExpected(trx, owned, expectedVersions);
  if (typeof influencer === 'string') return influencer;
  const { organizationId, influencerId } = influencer;
  await query(
    trx,
    `with wanted as (
       select coalesce(:name, f.name) as name, ${changedIdentitySql('f.identity', ':changes::jsonb')} as identity
       from influencers f
       where f.organization_id = :organizationId and f.id = :influencerId
     )
     update influencers f
     set name = w.name, identity = w.identity, version = f.version + 1, updated_at = now()
     from wanted w
     where f.organization_id = :organizationId and f.id = :influencerId
       and (f.name, f.identity) is distinct from (w.name, w.identity)`,
    { organizationId, influencerId, name: name ?? null, changes: JSON.stringify(changes) },
  );
  return 'done';
}

/** Marks an influencer as deleted, for ever. In a transaction, and its job locked before (`lockJobOf`), so that none of it goes on. */
export async function deleteInfluencer(
  trx: Trx,
  owned: OwnedId,
  { reason, expectedVersions }: { reason: string | null; expectedVersions: ExpectedVersions },
): Promise<{ deletedAt: Date } | ChangeRefusal> {
  const influencer = await lockExpected(trx, owned, expectedVersions);
  if (typeof influencer === 'string') return influencer;
  const { organizationId, influencerId } = influencer;
  const [row] = await query<{ deletedAt: Date }>(
    trx,
    `update influencers
     set status = 'deleted', error_message = null, delete_reason = :reason, deleted_at = now(), updated_at = now(),
         version = version + 1
     where organization_id = :organizationId and id = :influencerId
     returning deleted_at as "deletedAt"`,
    { organizationId, influencerId, reason },
  );
  if (row === undefined) throw new Error('a locked influencer is gone');
  return row;
}

/** Where an influencer may come from: a retry takes `failed` back to `training`, or to `ready` where nothing was left to draw. */
const allowedFrom = {
  training: ['pending', 'failed', 'training'],
  ready: ['pending', 'training', 'failed'],
  failed: ['pending', 'training', 'failed'],
} as const satisfies Partial<Record<InfluencerStatus, readonly InfluencerStatus[]>>;

/** Moves an influencer; gives false when it is not in a status from which it may (it is deleted, say). `failed` needs a message. */
export async function moveInfluencer(
  trx: Trx,
  influencer: { organizationId: string; influencerId: string },
  status: keyof typeof allowedFrom,
  errorMessage: string | null = null,
): Promise<boolean> {
  const rows = await query(
    trx,
    `update influencers
     set status = :status, error_message = :errorMessage, version = version + 1, updated_at = now()
     where organization_id = :organizationId and id = :influencerId and status = any(:from)
     returning id`,
    { ...influencer, status, errorMessage, from: [...allowedFrom[status]] },
  );
  return rows.length === 1;
}
