// Rows as tests need them, with everything filled in that a test does not care about.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { v4 as randomId, v7 as newId } from 'uuid';
import { formatId, parseId, type IdKind } from '../../src/domain/ids.ts';
import type { ImageRole, InfluencerStatus } from '../../src/domain/influencer.ts';
import type { Shot } from '../../src/domain/shots.ts';
import { call, type Tenant, type TestApi } from './api.ts';

export interface Created {
  /** As callers see them. */
  influencerId: string;
  jobId: string;
}

/** Creates an influencer as a caller does. */
export async function createInfluencer(
  api: Pick<TestApi, 'url'>,
  tenant: Pick<Tenant, 'projectId' | 'key'>,
  fields: Record<string, unknown> = {},
): Promise<Created> {
  const reply = await call(`${api.url}/v1/projects/${tenant.projectId}/influencers`, {
    key: tenant.key,
    body: { name: 'Ava Chen', ...fields },
  });
  assert.equal(reply.status, 202, JSON.stringify(reply.body));
  return reply.body;
}

/** Puts an influencer into a status, as no endpoint can. */
export async function setStatus(database: Knex, influencerId: string, status: InfluencerStatus): Promise<void> {
  await database('influencers')
    .where({ id: parseId('influencer', influencerId) })
    .update({
      status,
      error_message: status === 'failed' ? 'could not be drawn' : null,
      deleted_at: status === 'deleted' ? new Date() : null,
    });
}

/** A picture as a renderer's is recorded, without a file behind it. */
export function newPicture() {
  const id = newId();
  return {
    ...{ id, mimeType: 'image/webp', width: 1024, height: 1024, sizeBytes: 1, provenance: {} },
    sha256: randomBytes(32).toString('hex'),
    storageKey: `${id}.webp`,
    thumbnailKey: `${id}.thumbnail.webp`,
  };
}

/** Stores such a picture as an asset of a project, and gives its UUID. */
export async function insertAsset(database: Knex, projectId: string): Promise<string> {
  const picture = newPicture();
  const project = await database('projects')
    .where({ id: parseId('project', projectId) })
    .first<{ organization_id: string; environment: string }>();
  await database('assets').insert({
    organization_id: project.organization_id,
    environment: project.environment,
    project_id: parseId('project', projectId),
    id: picture.id,
    kind: 'reference_image',
    mime_type: picture.mimeType,
    width: picture.width,
    height: picture.height,
    size_bytes: picture.sizeBytes,
    sha256: picture.sha256,
    storage_key: picture.storageKey,
    thumbnail_key: picture.thumbnailKey,
  });
  return picture.id;
}

/** Gives an influencer an image, and the image's asset id as a UUID. */
export async function addImage(
  database: Knex,
  influencerId: string,
  image: { role?: ImageRole; shot?: Shot | null; position?: number; addedAt?: string } = {},
): Promise<string> {
  const { role = 'rendered', shot = role === 'uploaded' ? null : 'portrait', position = 0, addedAt } = image;
  const id = parseId('influencer', influencerId);
  const row = await database('influencers').where({ id }).first<{ organization_id: string; project_id: string }>();
  const assetId = await insertAsset(database, formatId('project', row.project_id));
  await database('influencer_images').insert({
    organization_id: row.organization_id,
    influencer_id: id,
    asset_id: assetId,
    role,
    shot,
    position,
    ...(addedAt === undefined ? {} : { added_at: addedAt }),
  });
  return assetId;
}

/** Every way to write an id, by what it is called. */
export function spellingsOf(kind: IdKind, uuid: string): Record<string, string> {
  const prefixed = formatId(kind, uuid);
  const prefix = prefixed.slice(0, 4);
  return {
    'the prefixed form': prefixed,
    'the prefixed form in lower case': prefixed.toLowerCase(),
    'the prefixed form in upper case': prefixed.toUpperCase(),
    'the prefix with a UUID': `${prefix}${uuid}`,
    'the prefix with a UUID in upper case': `${prefix}${uuid}`.toUpperCase(),
    'a bare UUID': uuid,
    'a bare UUID in upper case': uuid.toUpperCase(),
  };
}

/** An id that stands for nothing. */
export const unknownId = (kind: IdKind): string => formatId(kind, randomId());
