import { copyStartingImages } from '../src/db/images.ts';
import { lockRunningJob, moveJob } from '../src/db/job-moves.ts';
import { findDrawingOrder } from '../src/db/jobs.ts';
import { progressOf, type JobAttempt } from '../src/domain/job.ts';
import { wavesOf, type RendererName, type Shot } from '../src/domain/shots.ts';
import { beginWave } from './begin-shots.ts';
import type { ActivityDeps } from './deps.ts';

export interface RenderPlan {
  /** The shots that are missing, in the order in which the renderer draws them. */
  waves: Shot[][];
  /** All shots of the job, those that an earlier attempt rendered included. */
  total: number;
  /** Who draws them; left out by the releases that had the illustrated renderer alone. */
  renderer?: RendererName;
  /** Whether the first wave has begun with it; left out by the releases that had a step for that. */
  hasBegun?: true;
  /** How long a wave is held up before it is drawn, in ms, where a caller rehearses that. */
  delayMs?: number;
}

/**
 * Copies the metadata of the source's images to the clone, plans what is to be drawn, and begins the first of it; null when the
 * attempt has ended. Safe to repeat: images that are there stay, only a queued job moves, and what has begun does not begin again.
 */
export const copyReferenceMetadata =
  ({ database, newId }: ActivityDeps) =>
  (ref: JobAttempt): Promise<RenderPlan | null> =>
    database.transaction(async (trx) => {
      const job = await lockRunningJob(trx, ref);
      if (job === undefined) return null;
      const missing = job.shots.filter((shot) => job.shotStatuses[shot] !== 'rendered');
      if (job.stage === 'queued') {
        const stage = 'copying_references';
        await moveJob(trx, job, { stage, progress: progressOf(stage, job) }, { id: newId() });
        await copyStartingImages(trx, job);
      }
      const waves = wavesOf[job.renderer](missing, missing.length < job.shots.length);
      const [first] = waves;
      if (first !== undefined) await beginWave(trx, job, first, newId());
      const order = job.environment === 'test' ? await findDrawingOrder(trx, ref) : undefined; // only there is any rehearsed
      const delayMs = order?.simulation?.delayMs;
      return {
        waves,
        total: job.shots.length,
        renderer: job.renderer,
        ...(first === undefined ? {} : { hasBegun: true }),
        ...(delayMs === undefined ? {} : { delayMs }),
      };
    });
