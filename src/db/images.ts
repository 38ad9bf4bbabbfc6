import type { Environment, ImageRole } from '../domain/influencer.ts';
import type { Shot } from '../domain/shots.ts';
import { query, type Trx } from './database.ts';

/** A stored picture and its place in an influencer's set. */
export interface StoredImage {
  assetId: string;
  storageKey: string;
  thumbnailKey: string;
  width: number;
  height: number;
  shot: Shot | null;
  role: ImageRole;
  addedAt: string;
}

/** Images `i`, whose assets are `a`, as one JSON array of `StoredImage`. */
const storedImagesSql = `
  coalesce(jsonb_agg(jsonb_build_object(
             'assetId', a.id, 'storageKey', a.storage_key, 'thumbnailKey', a.thumbnail_key, 'width', a.width,
             'height', a.height, 'shot', i.shot, 'role', i.role, 'addedAt', i.added_at)
           order by i.role desc, i.position), '[]')`;

/** An influencer's images as one JSON array, for a select list; `influencer` names its row there. */
export const imagesJsonSql = (influencer: string, roles: readonly ImageRole[]) => `
  (select ${storedImagesSql}
   from influencer_images i
   join assets a on a.organization_id = i.organization_id and a.id = i.asset_id
   where i.organization_id = ${influencer}.organization_id and i.influencer_id = ${influencer}.id
     and i.role in (${roles.map((role) => `'${role}'`).join(', ')}))`;

/** What a job that completes now has made, for its row: the influencer's images as they are; `job` names the row. */
export const resultSql = (job: string) => `
  jsonb_build_object('images', (
    select coalesce(jsonb_agg(to_jsonb(i) - 'organization_id' - 'influencer_id'), '[]')
    from influencer_images i
    where i.organization_id = ${job}.organization_id and i.influencer_id = ${job}.influencer_id
      and i.role in ('uploaded', 'rendered')))`;

/** The images of a completed job's result, like `imagesJsonSql`. */
export const resultImagesJsonSql = (job: string) => `
  (select ${storedImagesSql}
   from jsonb_populate_recordset(null::influencer_images, ${job}.result->'images') i
   join assets a on a.organization_id = ${job}.organization_id and a.id = i.asset_id)`;

/** The storage key of an influencer's thumbnail, that of its first image, or null; for a select list like `imagesJsonSql`. */
export const thumbnailKeySql = (influencer: string) => `
  (select a.thumbnail_key
   from influencer_images i
   join assets a on a.organization_id = i.organization_id and a.id = i.asset_id
   where i.organization_id = ${influencer}.organization_id and i.influencer_id = ${influencer}.id
     and i.role in ('uploaded', 'rendered')
   order by i.role desc, i.position
   limit 1)`;

export interface NewAsset {
  organizationId: string;
  id: string;
  environment: Environment;
  projectId: string;
  mimeType: string;
  width: number;
  height: number;
  sizeBytes: number;
  sha256: string;
  storageKey: string;
  thumbnailKey: string;
  provenance: Record<string, unknown>;
}

const touchSql = `
  update influencers set version = version + 1, updated_at = now()
  where organization_id = :organizationId and id = :influencerId`;

/** Counts a change of an influencer's images as a change of the influencer, for its ETag. */
export async function touchInfluencer(
  trx: Trx,
  influencer: { organizationId: string; influencerId: string },
): Promise<void> {
  await query(trx, touchSql, influencer);
}

/** Copies the metadata of a source's images, as the job's input has it, to the clone, and touches it; what is there already stays. */
export async function copyStartingImages(
  trx: Trx,
  { organizationId, influencerId, jobId }: { organizationId: string; influencerId: string; jobId: string },
): Promise<void> {
  await query(
    trx,
    `with touched as (${touchSql})
     insert into influencer_images (organization_id, influencer_id, asset_id, role, shot, position, added_at)
     select j.organization_id, j.influencer_id, image."assetId", 'starting', image.shot, image.position, image."addedAt"
     from jobs j
     cross join jsonb_to_recordset(j.input->'startingImages')
       as image ("assetId" uuid, shot text, position integer, "addedAt" timestamptz)
     -- One that was erased with its influencer since is left out.
     join assets a on a.organization_id = j.organization_id and a.id = image."assetId"
     where j.id = :jobId
     for key share of a
     on conflict do nothing`,
    { organizationId, influencerId, jobId },
  );
}

/**
 * The storage keys of pictures that show the person of a job, the most telling first, at most `limit`: the first that the job
 * rendered, the photos that it was begun with, the images of its source. What another renderer drew is not like this one's.
 */
export async function findReferenceKeys(trx: Trx, jobId: string, limit: number): Promise<string[]> {
  const rows = await query<{ key: string }>(
    trx,
    `with job as (select * from jobs where id = :jobId)
     select a.storage_key as key
     from (
       (select s.organization_id, s.asset_id, 1 as place, 0 as position
        from job join job_shots s on s.organization_id = job.organization_id and s.job_id = job.id
        where s.status = 'rendered'
        order by s.settled_at, s.shot limit 1)
       union all
       select i.organization_id, i.asset_id, case i.role when 'uploaded' then 2 else 3 end, i.position
       from job join influencer_images i
         on i.organization_id = job.organization_id and i.influencer_id = job.influencer_id
       where i.role = 'starting' or i.role = 'uploaded' and i.added_at <= job.started_at
     ) reference
     join assets a on a.organization_id = reference.organization_id and a.id = reference.asset_id
     where coalesce(a.provenance->>'renderer' = (select renderer from job), true)
     order by reference.place, reference.position, a.id
     limit :limit`,
    { jobId, limit },
  );
  return rows.map(({ key }) => key);
}

interface LockedInfluencer {
  organizationId: string;
  influencerId: string;
  projectId: string;
}

/**
 * Adds assets of the influencer's project behind its uploaded images; those that it has and those that are none are skipped. The
 * influencer must be locked, so that what it has is known. Gives how many uploaded images it has then, and how many came.
 */
export async function addUploadedImages(
  trx: Trx,
  influencer: LockedInfluencer,
  assetIds: readonly string[],
): Promise<{ before: number; added: number }> {
  const rows = await query<{ before: number; added: number }>(
    trx,
    `with uploaded as (
       select count(*)::integer as images, coalesce(max(position), 0) as last_position
       from influencer_images
       where organization_id = :organizationId and influencer_id = :influencerId and role = 'uploaded'
     ),
     -- Locked, so that none is erased meanwhile; one that is being erased is waited for, and is none then.
     asset as (
       select id from assets
       where organization_id = :organizationId and project_id = :projectId and id = any(:assetIds::uuid[])
       order by id for key share
     ),
     wanted as (
       select a.id, min(w.place) as place
       from unnest(:assetIds::uuid[]) with ordinality as w (id, place)
       join asset a on a.id = w.id
       where not exists (
         select from influencer_images i
         where i.organization_id = :organizationId and i.influencer_id = :influencerId and i.asset_id = a.id
           and i.role in ('uploaded', 'rendered'))
       group by a.id
     ),
     added as (
       insert into influencer_images (organization_id, influencer_id, asset_id, role, position)
       select :organizationId, :influencerId, w.id, 'uploaded', u.last_position + row_number() over (order by w.place)
       from wanted w, uploaded u
       returning asset_id
     )
     select images as before, (select count(*)::integer from added) as added from uploaded`,
    { ...influencer, assetIds: [...assetIds] },
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a count gave no row');
  return row;
}

/** Takes an image out of an influencer's set, whether it was uploaded or rendered; gives false when it is not in it. */
export async function removeImage(
  trx: Trx,
  { organizationId, influencerId }: LockedInfluencer,
  assetId: string,
): Promise<boolean> {
  const rows = await query(
    trx,
    `with removed as (
       delete from influencer_images
       where organization_id = :organizationId and influencer_id = :influencerId and asset_id = :assetId
         and role in ('uploaded', 'rendered')
       returning organization_id, asset_id
     ),
     -- What an asset was marked with before it was in this set does not count: its 30 days begin anew.
     unmarked as (
       update assets a set unused_since = null
       from removed r
       where a.organization_id = r.organization_id and a.id = r.asset_id and a.unused_since is not null
     )
     select asset_id from removed`,
    { organizationId, influencerId, assetId },
  );
  return rows.length > 0;
}
