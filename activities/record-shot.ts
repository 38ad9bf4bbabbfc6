import { createHash } from 'node:crypto';
import { findDrawingOrder } from '../src/db/jobs.ts';
import { settleRendered } from '../src/db/shots.ts';
import type { JobAttempt } from '../src/domain/job.ts';
import { isExternal, type Shot } from '../src/domain/shots.ts';
import { checkDrawing } from '../src/pictures/checked-drawing.ts';
import { drawingKey, ObjectMissing, thumbnailKeyOf } from '../src/storage/storage.ts';
import type { Drawn } from './draw-shot.ts';
import type { ActivityDeps } from './deps.ts';
import { badDrawing } from './failures.ts';
import { foreignDrawing } from './foreign-drawing.ts';

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
    const isForeign = isExternal(order.renderer);
    const { sha256, provenance: said } = isForeign ? foreignDrawing(drawn, order) : drawn;
    const storageKey = drawingKey({ organizationId, jobId, attempt, shot, sha256 });
    const thumbnailKey = thumbnailKeyOf(storageKey);
    const bytes = await storage.get(storageKey).catch((error: unknown) => {
      throw isForeign && error instanceof ObjectMissing ? badDrawing('it was never put') : error;
    });
    const picture = await check(bytes, sha256);

    const provenance = { ...said, jobId, attempt };
    const asset = { ...picture, id: newId(), sha256, storageKey, thumbnailKey, provenance };
    await settleRendered(database, { jobId, attempt, shot }, asset, newId());
  };

/** Opens a picture and refuses what no reference image can be, or what is not what was drawn. */
async function check(bytes: Uint8Array, sha256: string) {
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw badDrawing('its bytes are not those that were drawn');
  const checked = await checkDrawing(bytes);
  if ('refusedBy' in checked) throw badDrawing(`it ${checked.message}`);
  return checked;
}
