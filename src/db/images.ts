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

/** An influencer's images as one JSON array, for a select list; `influencer` names its row there. */
export const imagesJsonSql = (influencer: string, roles: readonly ImageRole[]) => `
  coalesce((
    select jsonb_agg(jsonb_build_object(
             'assetId', a.id, 'storageKey', a.storage_key, 'thumbnailKey', a.thumbnail_key, 'width', a.width,
             'height', a.height, 'shot', i.shot, 'role', i.role, 'addedAt', i.added_at)
           order by i.role desc, i.position)
    from influencer_images i
    join assets a on a.organization_id = i.organization_id and a.id = i.asset_id
    where i.organization_id = ${influencer}.organization_id and i.influencer_id = ${influencer}.id
      and i.role in (${roles.map((role) => `'${role}'`).join(', ')})
  ), '[]')`;

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

/** Stores a rendered picture as its influencer's image of that shot, at the shot's place in the set. */
export async function insertRenderedImage(
  trx: Trx,
  asset: NewAsset,
  image: { influencerId: string; shot: Shot; position: number },
): Promise<void> {
  await query(
    trx,
    `with asset as (
       insert into assets (organization_id, id, environment, project_id, kind, mime_type, width, height, size_bytes, sha256,
                           storage_key, thumbnail_key, provenance)
       values (:organizationId, :id, :environment, :projectId, 'reference_image', :mimeType, :width, :height, :sizeBytes,
               :sha256, :storageKey, :thumbnailKey, :provenance::jsonb)
       returning organization_id, id
     )
     insert into influencer_images (organization_id, influencer_id, asset_id, role, shot, position)
     select organization_id, :influencerId, id, 'rendered', :shot, :position from asset`,
    { ...asset, ...image, provenance: JSON.stringify(asset.provenance) },
  );
}

/** Copies the metadata of a source's images, as the job's input has it, to the clone; what is there already stays. */
export async function copyStartingImages(trx: Trx, jobId: string): Promise<void> {
  await query(
    trx,
    `insert into influencer_images (organization_id, influencer_id, asset_id, role, shot, position, added_at)
     select j.organization_id, j.influencer_id, image."assetId", 'starting', image.shot, image.position, image."addedAt"
     from jobs j, jsonb_to_recordset(j.input->'startingImages')
       as image ("assetId" uuid, shot text, position integer, "addedAt" timestamptz)
     where j.id = :jobId
     on conflict do nothing`,
    { jobId },
  );
}
