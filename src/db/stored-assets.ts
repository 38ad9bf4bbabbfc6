// Assets as they lie in a storage, of all organizations.

import { query, type Trx } from './database.ts';

export interface StoredAsset {
  organizationId: string;
  id: string;
  storageKey: string;
  thumbnailKey: string;
  sizeBytes: number;
  sha256: string;
}

/** Lists the next assets behind `after`, at most `limit`. */
export async function listStoredAssets(trx: Trx, after: StoredAsset | null, limit: number): Promise<StoredAsset[]> {
  return query(
    trx,
    `select organization_id as "organizationId", id, storage_key as "storageKey", thumbnail_key as "thumbnailKey",
            size_bytes as "sizeBytes", sha256
     from assets
     ${after === null ? '' : 'where (organization_id, id) > (:organizationId, :id)'}
     order by organization_id, id limit :limit`,
    { limit, ...(after === null ? {} : { organizationId: after.organizationId, id: after.id }) },
  );
}

/** Tells whether an asset is there still; where it is just being removed, that is waited for. */
export async function isAssetThere(trx: Trx, { organizationId, id }: StoredAsset): Promise<boolean> {
  const rows = await query(
    trx,
    'select from assets where organization_id = :organizationId and id = :id for key share',
    { organizationId, id },
  );
  return rows.length === 1;
}
