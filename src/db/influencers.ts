import type { Environment, Identity, InfluencerStatus } from '../domain/influencer.ts';
import { query, type Trx } from './database.ts';
import { imagesJsonSql, type StoredImage } from './images.ts';

export interface InfluencerRow {
  id: string;
  projectId: string;
  jobId: string;
  name: string;
  identity: Identity;
  clonedFrom: { influencerId: string; name: string; clonedAt: string } | null;
  status: Exclude<InfluencerStatus, 'deleted'>;
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
     where f.organization_id = :organizationId and f.id = :id and f.environment = :environment and f.deleted_at is null`,
    { ...owned },
  );
  return rows[0];
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

/** Counts a change of what belongs to an influencer (its images) as a change of the influencer, for its ETag. */
export async function touchInfluencer(
  trx: Trx,
  influencer: { organizationId: string; influencerId: string },
): Promise<void> {
  await query(
    trx,
    `update influencers set version = version + 1, updated_at = now()
     where organization_id = :organizationId and id = :influencerId`,
    influencer,
  );
}
