import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { findReferenceKeys } from '../src/db/images.ts';
import { startShot } from '../src/db/shots.ts';
import type { JobAttempt } from '../src/domain/job.ts';
import type { RendererName, Shot } from '../src/domain/shots.ts';
import { drawings } from '../src/metrics/metrics.ts';
import { drawingKey, thumbnailKeyOf, type Storage } from '../src/storage/storage.ts';
import { attemptEnded } from './failures.ts';
import type { ActivityDeps } from './deps.ts';
import { drawWithinLimits } from './paid-drawing.ts';
import { rehearse } from './rehearse.ts';
import { RenderError, type Provenance } from './rendering/renderer.ts';

/** What a drawing is known by: its bytes lie in the storage, under a key made from this. */
export interface Drawn {
  sha256: string;
  provenance: Provenance;
}

/** A cancellation comes with the answer to a heartbeat. */
const heartbeatMs = 500;

/**
 * Draws one shot and puts its bytes into the storage. Safe to repeat: a second drawing is another object or the same one, and
 * only `recordShot` makes one of them the shot's image; but a renderer that costs money is paid again.
 */
export const drawShot =
  (deps: ActivityDeps) =>
  async ({ jobId, attempt, shot }: JobAttempt & { shot: Shot }): Promise<Drawn> => {
    const { database, storage, renderers } = deps;
    const order = await startShot(database, { jobId, attempt, shot });
    if (order === undefined) throw attemptEnded();
    if (order.simulation !== null) rehearse(order.simulation, shot, activityInfo().attempt);
    const signal = cancellationSignal();
    const beats = setInterval(() => {
      heartbeat();
    }, heartbeatMs);
    try {
      const renderer = renderers[order.renderer];
      if (renderer === undefined) throw new Error(`this worker has no renderer ${order.renderer}`);
      const references = referencesOf(deps, jobId, renderer.maxReferences);
      const { organizationId, identity, seed } = order;
      const { drawing, isPaid } = await drawWithinLimits(
        deps,
        { organizationId, jobId, attempt, shot },
        (beforePaying) =>
          timed(order.renderer, () => renderer.render({ identity, seed, shot, references }, signal, beforePaying)),
      );
      const sha256 = createHash('sha256').update(drawing.bytes).digest('hex');
      signal.throwIfAborted();
      const key = drawingKey({ organizationId, jobId, attempt, shot, sha256 });
      const put = (objectKey: string, bytes: Uint8Array) =>
        isPaid ? putPatiently(storage, objectKey, bytes, signal) : storage.put(objectKey, bytes);
      await put(thumbnailKeyOf(key), drawing.thumbnail); // first: where the picture is, it is too
      await put(key, drawing.bytes);
      return { sha256, provenance: drawing.provenance };
    } finally {
      clearInterval(beats);
    }
  };

/** Times a drawing, whether it becomes one or not. */
async function timed<Result>(renderer: RendererName, draw: () => Promise<Result>): Promise<Result> {
  const ended = drawings.startTimer({ renderer });
  try {
    const drawn = await draw();
    ended({ outcome: 'drawn' });
    return drawn;
  } catch (error) {
    ended({ outcome: error instanceof RenderError ? error.fault : 'failed' });
    throw error;
  }
}

/** Stores what would cost money to draw again: the storage is given a minute to come back. */
async function putPatiently(storage: Storage, key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    try {
      await storage.put(key, bytes);
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await delay(1_000, undefined, { signal });
    }
  }
}

/** Loads one after the other, as they are asked for: a stored photo may be large. */
async function* referencesOf(
  { database, storage }: ActivityDeps,
  jobId: string,
  limit: number,
): AsyncGenerator<Uint8Array> {
  if (limit === 0) return;
  for (const key of await findReferenceKeys(database, jobId, limit)) yield await storage.get(key);
}
