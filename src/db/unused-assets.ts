// An asset lives for as long as an influencer or a job names it, and for 30 days more. Whether one is named is looked at day by
// day, not noted wherever a name comes or goes: a place that forgot to would lose a picture, or keep it for ever.

import { isNamedSql } from './assets.ts';
import { query, type Trx } from './database.ts';

interface AssetPlace {
  organizationId: string;
  id: string;
}

export interface LookedAtAsset extends AssetPlace {
  /** Nothing named it for 30 days. */
  isDue: boolean;
}

/**
 * Looks at the next assets behind `after`, at most `limit`: marks those that nothing names as unused from now on, and takes the mark
 * from those that something names again.
 */
export async function markUnusedAssets(trx: Trx, after: AssetPlace | null, limit: number): Promise<LookedAtAsset[]> {
  return query(
    trx,
    `with page as materialized (
       select organization_id, id, unused_since from assets
       ${after === null ? '' : 'where (organization_id, id) > (:organizationId, :id)'}
       order by organization_id, id limit :limit
     ),
     looked_at as materialized (select *, ${isNamedSql('page')} as is_named from page),
     -- One that somebody works on is left to the next day: so this waits for nobody, in whatever order they lock.
     changed as (
       select a.organization_id, a.id from looked_at l
       join assets a on a.organization_id = l.organization_id and a.id = l.id
       where (a.unused_since is not null) = l.is_named
       for no key update of a skip locked
     ),
     marked as (
       update assets a set unused_since = case when a.unused_since is null then now() end
       from changed c where a.organization_id = c.organization_id and a.id = c.id
     )
     select organization_id as "organizationId", id,
            not is_named and coalesce(unused_since < now() - interval '30 days', false) as "isDue"
     from looked_at order by organization_id, id`,
    { limit, ...(after ?? {}) },
  );
}

/**
 * Deletes those of these assets that are unused for 30 days still, with the uploads that they were, and gives the keys of their
 * objects. One that somebody is just about to name stays, and who comes later waits and finds none.
 */
export async function deleteUnusedAssets(
  trx: Trx,
  assets: readonly AssetPlace[],
): Promise<{ storageKey: string; thumbnailKey: string }[]> {
  const bindingsOf = (places: readonly AssetPlace[]) => ({
    organizationIds: places.map(({ organizationId }) => organizationId),
    ids: places.map(({ id }) => id),
  });
  const theseSql = 'select * from unnest(:organizationIds::uuid[], :ids::uuid[])';
  // Locked before it is asked what names them, as in `eraseImages`.
  const locked = await query<AssetPlace>(
    trx,
    `select organization_id as "organizationId", id from assets
     where (organization_id, id) in (${theseSql}) and unused_since < now() - interval '30 days'
     order by organization_id, id for update skip locked`,
    bindingsOf(assets),
  );
  const unnamed = await query<AssetPlace>(
    trx,
    `select organization_id as "organizationId", id from assets a
     where (organization_id, id) in (${theseSql}) and not ${isNamedSql('a')}`,
    bindingsOf(locked),
  );
  const doomed = bindingsOf(unnamed);
  await query(trx, `delete from uploads where (organization_id, asset_id) in (${theseSql})`, doomed);
  return query(
    trx,
    `delete from assets where (organization_id, id) in (${theseSql})
     returning storage_key as "storageKey", thumbnail_key as "thumbnailKey"`,
    doomed,
  );
}
