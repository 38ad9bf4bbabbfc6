// What the rows say of the objects in a storage. What no row names at one moment is never named later: a row that names an
// upload's objects or an attempt's drawings is there before they are written and until nobody writes them any more, and whatever
// else is written is named after it within the time that it is young.

import { ownerOf, type StoredObject } from '../storage/storage.ts';
import { keysOfAssetsSql } from './assets.ts';
import { query, type Trx } from './database.ts';

interface SortedObjects {
  named: StoredObject[];
  /** Ours, and named by nothing. */
  unnamed: StoredObject[];
  /** Not of this service, or of an organization that this database does not know: another service's, with a database of its own. */
  foreign: StoredObject[];
}

/** Tells which objects an asset names, an upload that is not over, or an attempt that runs now. */
export async function sortObjects(trx: Trx, objects: readonly StoredObject[]): Promise<SortedObjects> {
  const owned = objects.flatMap(({ key }) => {
    const owner = ownerOf(key);
    return owner === null ? [] : [{ key, ...owner }];
  });
  const rows = await query<{ key: string; isNamed: boolean }>(
    trx,
    `with object as (
       select * from unnest(:keys::text[], :organizationIds::uuid[], :ownerIds::uuid[], :attempts::integer[])
         as object (key, organization_id, owner_id, attempt)
     ),
     named as (
       ${keysOfAssetsSql}
       union all
       select o.key from object o
       join uploads u on u.organization_id = o.organization_id and u.id = o.owner_id
       where o.attempt is null and u.storage_key is not null
       union all
       select o.key from object o
       join jobs j on j.organization_id = o.organization_id and j.id = o.owner_id and j.attempt = o.attempt
       where j.status = 'running'
     )
     select key, key in (select key from named) as "isNamed" from object o
     where organization_id in (select id from organizations)`,
    {
      keys: owned.map(({ key }) => key),
      organizationIds: owned.map(({ organizationId }) => organizationId),
      ownerIds: owned.map(({ id }) => id),
      attempts: owned.map(({ attempt }) => attempt),
    },
  );
  const namings = new Map(rows.map(({ key, isNamed }) => [key, isNamed]));
  return {
    named: objects.filter(({ key }) => namings.get(key) === true),
    unnamed: objects.filter(({ key }) => namings.get(key) === false),
    foreign: objects.filter(({ key }) => !namings.has(key)),
  };
}

/** Tells before when an object must have been written to be collected, by Postgres's clock: 24 hours ago. */
export async function graceBegan(trx: Trx): Promise<Date> {
  const [row] = await query<{ at: Date }>(trx, `select now() - interval '24 hours' as at`);
  if (row === undefined) throw new Error('Postgres did not tell the time');
  return row.at;
}
