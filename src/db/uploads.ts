import type { AssetKind } from '../domain/media.ts';
import { query, type Trx } from './database.ts';
import type { OwnedId } from './influencers.ts';

export interface UploadRow {
  id: string;
  kind: AssetKind;
  filename: string | null;
  storageKey: string | null;
  /** As the caller declared them; after it was finalized, the checksum is that of the bytes. */
  sizeBytes: number | null;
  sha256: string | null;
  /** Null until it is finalized. */
  assetId: string | null;
}

export interface NewUpload extends OwnedId {
  projectId: string;
  kind: AssetKind;
  mimeType: string;
  filename: string | null;
  sizeBytes: number | null;
  sha256: string | null;
  storageKey: string;
  urlMinutes: number;
}

/** Stores an upload whose bytes are to come, and gives until when its URL takes them. */
export async function insertUpload(trx: Trx, upload: NewUpload): Promise<Date> {
  const rows = await query<{ expiresAt: Date }>(
    trx,
    `insert into uploads (organization_id, id, environment, project_id, kind, mime_type, filename, size_bytes, sha256,
                          storage_key, expires_at)
     values (:organizationId, :id, :environment, :projectId, :kind, :mimeType, :filename, :sizeBytes, :sha256, :storageKey,
             date_trunc('second', now() + make_interval(mins => :urlMinutes)))
     returning expires_at as "expiresAt"`,
    { ...upload },
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an inserted upload was not returned');
  return row.expiresAt;
}

const selectSql = `
  select id, kind, filename, storage_key as "storageKey", size_bytes as "sizeBytes", sha256, asset_id as "assetId"
  from uploads
  where organization_id = :organizationId and environment = :environment and project_id = :projectId and id = :id`;

type OwnedUpload = OwnedId & { projectId: string };

/** Finds an upload of a project; undefined also for one of another organization or environment. */
export async function findUpload(trx: Trx, upload: OwnedUpload): Promise<UploadRow | undefined> {
  return (await query<UploadRow>(trx, selectSql, { ...upload }))[0];
}

/** Finds an upload like `findUpload` and locks it for this transaction: it becomes one asset, and its bytes stay. */
export async function lockUpload(trx: Trx, upload: OwnedUpload): Promise<UploadRow | undefined> {
  return (await query<UploadRow>(trx, `${selectSql} for update`, { ...upload }))[0];
}

/** Says which asset a locked upload became, and what its bytes were. */
export async function finishUpload(
  trx: Trx,
  upload: { organizationId: string; id: string; assetId: string; sha256: string },
): Promise<void> {
  await query(
    trx,
    `update uploads set asset_id = :assetId, sha256 = :sha256 where organization_id = :organizationId and id = :id`,
    upload,
  );
}

export type UploadState = 'open' | 'finalized';

const stateSql = `
  select case when asset_id is null then 'open' else 'finalized' end as state from uploads where storage_key = :storageKey`;

/** Tells whether bytes may be put under this key; undefined when it is no upload's (any more). */
export async function findUploadState(trx: Trx, storageKey: string): Promise<UploadState | undefined> {
  return (await query<{ state: UploadState }>(trx, stateSql, { storageKey }))[0]?.state;
}

/** Tells the same, and holds the upload so until the transaction ends. */
export async function holdUploadState(trx: Trx, storageKey: string): Promise<UploadState | undefined> {
  return (await query<{ state: UploadState }>(trx, `${stateSql} for share`, { storageKey }))[0]?.state;
}

interface LeftUpload {
  organizationId: string;
  uploadId: string;
}

/** Locks some uploads that nobody finalized within 24 hours. */
export async function lockUnfinishedUploads(trx: Trx, limit: number): Promise<LeftUpload[]> {
  return query<LeftUpload>(
    trx,
    `select organization_id as "organizationId", id as "uploadId" from uploads
     where asset_id is null and created_at < now() - interval '24 hours'
     order by created_at limit :limit for update skip locked`,
    { limit },
  );
}

export async function deleteUpload(trx: Trx, { organizationId, uploadId }: LeftUpload): Promise<void> {
  await query(trx, 'delete from uploads where organization_id = :organizationId and id = :uploadId', {
    organizationId,
    uploadId,
  });
}

/** Locks some finalized uploads whose bytes may still lie there, and that no URL reaches any more; gives what is to stay. */
export async function lockFinishedUploads(
  trx: Trx,
  limit: number,
): Promise<(LeftUpload & { storageKey: string; thumbnailKey: string })[]> {
  return query(
    trx,
    `select u.organization_id as "organizationId", u.id as "uploadId", a.storage_key as "storageKey",
            a.thumbnail_key as "thumbnailKey"
     from uploads u join assets a on a.organization_id = u.organization_id and a.id = u.asset_id
     where u.asset_id is not null and u.storage_key is not null and u.expires_at < now() - interval '1 hour'
     order by u.expires_at limit :limit for update of u skip locked`,
    { limit },
  );
}

/** Says that the bytes of a finalized upload are gone. */
export async function clearUpload(trx: Trx, { organizationId, uploadId }: LeftUpload): Promise<void> {
  await query(trx, `update uploads set storage_key = null where organization_id = :organizationId and id = :uploadId`, {
    organizationId,
    uploadId,
  });
}
