import type { DrawingOrder } from '../src/db/jobs.ts';
import { countUnusableImages, orderPaidImage, settlePaidImage, type PaidImageOutcome } from '../src/db/paid-images.ts';
import type { JobAttempt } from '../src/domain/job.ts';
import type { Shot } from '../src/domain/shots.ts';
import type { ActivityDeps } from './deps.ts';
import { badDrawing, limitReached } from './failures.ts';
import { RenderError, type Drawing, type RenderFault } from './rendering/renderer.ts';

/** How many useless images of one shot are paid for in an attempt before it is given up. */
const maxUnusable = 3;

const outcomesOfFaults: Record<RenderFault, PaidImageOutcome> = {
  busy: 'not_drawn',
  unavailable: 'not_drawn',
  misconfigured: 'not_drawn',
  rejected: 'rejected',
  unanswered: 'unanswered',
  unusable: 'unusable',
};

/**
 * Lets a renderer draw that may cost money: it says so before it asks for an image, which is counted then, so that a worker that
 * dies in the middle has been counted, and settled with what came of it. Fails for good at a limit, and at the third image of a
 * shot that is of no use. Tells whether the drawing was paid for.
 */
export async function drawWithinLimits(
  { database, paidImages, newId, log }: Pick<ActivityDeps, 'database' | 'paidImages' | 'newId' | 'log'>,
  { organizationId, ...attempt }: JobAttempt & { shot: Shot } & Pick<DrawingOrder, 'organizationId'>,
  draw: (beforePaying: () => Promise<void>) => Promise<Drawing>,
): Promise<{ drawing: Drawing; isPaid: boolean }> {
  const image = { organizationId, id: newId(), ...attempt };
  const ordered = { isPaid: false };
  try {
    const drawing = await draw(async () => {
      const refusedBy = await database.transaction((trx) => orderPaidImage(trx, image, paidImages));
      if (refusedBy !== null) throw limitReached(limitNames[refusedBy](paidImages[refusedBy]));
      ordered.isPaid = true;
    });
    if (ordered.isPaid) {
      await settlePaidImage(database, image, 'drawn').catch((error: unknown) => {
        log.warn({ err: error, image }, 'a paid image could not be settled; it stays counted'); // and is worth keeping
      });
    }
    return { drawing, ...ordered };
  } catch (error) {
    // Of any other error it is not known what came of it: it stays counted.
    if (!ordered.isPaid || !(error instanceof RenderError)) throw error;
    await settlePaidImage(database, image, outcomesOfFaults[error.fault]);
    if (error.fault === 'unusable' && (await countUnusableImages(database, image)) >= maxUnusable) {
      throw badDrawing(`${String(maxUnusable)} images were of no use, at last: ${error.message}`, error);
    }
    throw error;
  }
}

const limitNames: Record<keyof ActivityDeps['paidImages'], (limit: number) => string> = {
  perJob: (limit) => `the limit of ${String(limit)} images a job (AI_IMAGES_PER_JOB)`,
  perDay: (limit) => `the limit of ${String(limit)} images an organization and UTC day (AI_IMAGES_PER_DAY)`,
};
