import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { findDrawingOrder } from '../src/db/jobs.ts';
import { settleRendered } from '../src/db/shots.ts';
import type { JobAttempt } from '../src/domain/job.ts';
import { imageSize, type Shot } from '../src/domain/shots.ts';
import { drawingKey, thumbnailKeyOf } from '../src/storage/storage.ts';
import type { Drawn } from './draw-shot.ts';
import { badDrawing } from './failures.ts';
import type { ActivityDeps } from './deps.ts';

/**
 * Checks a drawing and makes it the shot's image. Safe to repeat, and safe against a late or second drawing: the first that
 * is recorded stays, and an attempt that has ended records nothing.
 */
export const recordShot =
  ({ database, storage, newId }: ActivityDeps) =>
  async ({ jobId, attempt, shot, drawn }: JobAttempt & { shot: Shot; drawn: Drawn }): Promise<void> => {
    const order = await findDrawingOrder(database, { jobId, attempt });
    if (order === undefined) return;
    const { organizationId } = order;
    const storageKey = drawingKey({ organizationId, jobId, attempt, shot, sha256: drawn.sha256 });
    const thumbnailKey = thumbnailKeyOf(storageKey);
    const bytes = await storage.get(storageKey);
    const picture = await check(bytes, drawn.sha256);

    const provenance = { ...drawn.provenance, jobId, attempt };
    const asset = { ...picture, id: newId(), sha256: drawn.sha256, storageKey, thumbnailKey, provenance };
    await settleRendered(database, { jobId, attempt, shot }, asset, newId());
  };

/** Opens a picture and refuses what is no WebP of the size that every reference image has, or not what was drawn. */
async function check(bytes: Uint8Array, sha256: string) {
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw badDrawing('its bytes are not those that were drawn');
  const { format, width, height } = await metadataOf(bytes);
  if (format !== 'webp' || width !== imageSize || height !== imageSize) {
    throw badDrawing(`it is a ${format} of ${String(width)} × ${String(height)}`);
  }
  return { mimeType: 'image/webp', width, height, sizeBytes: bytes.length };
}

async function metadataOf(bytes: Uint8Array) {
  try {
    return await sharp(bytes).metadata();
  } catch (error) {
    throw badDrawing('it does not open', error);
  }
}
