import type { ProjectStatus } from '../domain/project.ts';
import type { AssetKind } from '../domain/media.ts';
import { query, type Trx } from './database.ts';
import type { NewAsset } from './images.ts';
import type { OwnedId } from './influencers.ts';

export interface AssetRow {
  id: string;
  projectId: string;
  kind: AssetKind;
  mimeType: string;
  width: number;
  height: number;
  sizeBytes: number;
  sha256: string;
  storageKey: string;
  thumbnailKey: string;
  createdAt: Date;
}

const columns = `id, project_id as "projectId", kind, mime_type as "mimeType", width, height, size_bytes as "sizeBytes",
  sha256, storage_key as "storageKey", thumbnail_key as "thumbnailKey", created_at as "createdAt"`;

/** Finds an asset; undefined also for one of another organization or environment. */
export async function findAsset(trx: Trx, asset: OwnedId): Promise<AssetRow | undefined> {
  const rows = await query<AssetRow>(
    trx,
    `select ${columns} from assets where organization_id = :organizationId and id = :id and environment = :environment`,
    { ...asset },
  );
  return rows[0];
}

/** Stores a picture that a caller sent. */
export async function insertAsset(
  trx: Trx,
  asset: Omit<NewAsset, 'provenance'> & { kind: AssetKind; filename: string | null },
): Promise<AssetRow> {
  const rows = await query<AssetRow>(
    trx,
    `insert into assets (organization_id, id, environment, project_id, kind, mime_type, width, height, size_bytes, sha256,
                         storage_key, thumbnail_key, filename)
     values (:organizationId, :id, :environment, :projectId, :kind, :mimeType, :width, :height, :sizeBytes, :sha256,
             :storageKey, :thumbnailKey, :filename)
     returning ${columns}`,
    { ...asset },
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an inserted asset was not returned');
  return row;
}

/** Tells a project's status and holds it so until the transaction ends; undefined when there is no such project. */
export async function holdProjectStatus(trx: Trx, project: OwnedId): Promise<ProjectStatus | undefined> {
  const rows = await query<{ status: ProjectStatus }>(
    trx,
    `select status from projects
     where organization_id = :organizationId and id = :id and environment = :environment for share`,
    { ...project },
  );
  return rows[0]?.status;
}

/** Whether anything names an asset: an influencer's set or a job's shots; for a condition, `asset` names its row there. */
export const isNamedSql = (asset: string) => `
  (exists (select from influencer_images i where i.organization_id = ${asset}.organization_id and i.asset_id = ${asset}.id)
   or exists (select from job_shots s where s.organization_id = ${asset}.organization_id and s.asset_id = ${asset}.id))`;

/** Selects which of the storage keys in `:keys`, as \`key\`, belong to an asset. */
export const keysOfAssetsSql = `
  select storage_key as key from assets where storage_key = any(:keys)
  union all select thumbnail_key from assets where thumbnail_key = any(:keys)`;

/** Which of these storage keys belong to an asset. */
export async function keysOfAssets(trx: Trx, keys: readonly string[]): Promise<Set<string>> {
  const rows = await query<{ key: string }>(trx, keysOfAssetsSql, { keys: [...keys] });
  return new Set(rows.map(({ key }) => key));
}
