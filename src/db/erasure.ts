// Erasing a deleted influencer: what is left is an id that stays reserved, and rows that say nothing of the person.

import { isNamedSql } from './assets.ts';
import { query, type Trx } from './database.ts';

interface ErasableInfluencer {
  organizationId: string;
  influencerId: string;
  jobIds: string[];
}

/** Locks an influencer that was deleted 30 days ago or earlier and is not erased; undefined when there is none. */
export async function lockErasable(trx: Trx): Promise<ErasableInfluencer | undefined> {
  const rows = await query<ErasableInfluencer>(
    trx,
    `select f.organization_id as "organizationId", f.id as "influencerId",
            array(select j.id::text from jobs j where j.organization_id = f.organization_id and j.influencer_id = f.id)
              as "jobIds"
     from influencers f
     where f.deleted_at < now() - interval '30 days' and f.erased_at is null
     order by f.deleted_at limit 1 for update of f skip locked`,
  );
  return rows[0];
}

/**
 * Takes away what names the pictures of a locked influencer, and the assets that nothing names then. Gives the keys of these:
 * their bytes are to be removed before this is committed, so that a crash leaves rows, which are found again, and not bytes.
 */
export async function eraseImages(
  trx: Trx,
  { organizationId, influencerId, jobIds }: ErasableInfluencer,
): Promise<{ storageKey: string; thumbnailKey: string }[]> {
  const bindings = { organizationId, influencerId, jobIds };
  // Locked before it is asked what else names them: from now on nothing new does.
  const named = await query<{ id: string }>(
    trx,
    `select id from assets
     where organization_id = :organizationId and id in (
       select asset_id from influencer_images where organization_id = :organizationId and influencer_id = :influencerId
       union all
       select asset_id from job_shots where organization_id = :organizationId and job_id = any(:jobIds::uuid[])
     )
     order by id for update`,
    bindings,
  );
  await query(
    trx,
    `with image as (
       delete from influencer_images where organization_id = :organizationId and influencer_id = :influencerId
     )
     delete from job_shots where organization_id = :organizationId and job_id = any(:jobIds::uuid[])`,
    bindings,
  );
  const assetIds = named.map(({ id }) => id);
  const unnamed = await query<{ id: string }>(
    trx,
    `select a.id from assets a
     where a.organization_id = :organizationId and a.id = any(:assetIds) and not ${isNamedSql('a')}`,
    { organizationId, assetIds },
  );
  const doomed = { organizationId, assetIds: unnamed.map(({ id }) => id) };
  await query(trx, 'delete from uploads where organization_id = :organizationId and asset_id = any(:assetIds)', doomed);
  return query(
    trx,
    `delete from assets where organization_id = :organizationId and id = any(:assetIds)
     returning storage_key as "storageKey", thumbnail_key as "thumbnailKey"`,
    doomed,
  );
}

/** Empties the row of a locked influencer, and what its jobs were made from. */
export async function eraseIdentity(trx: Trx, { organizationId, influencerId }: ErasableInfluencer): Promise<void> {
  await query(
    trx,
    `with job as (
       update jobs set input = '{"identity": {}, "seed": "", "startingImages": []}', result = null
       where organization_id = :organizationId and influencer_id = :influencerId
     )
     update influencers
     set name = 'Erased', identity = '{}', attributes = '{}', seed = '', delete_reason = null, erased_at = now(),
         updated_at = now(), version = version + 1
     where organization_id = :organizationId and id = :influencerId`,
    { organizationId, influencerId },
  );
}
