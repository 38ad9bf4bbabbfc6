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
  rejected: 'not_drawn',
  misconfigured: 'not_drawn',
  unanswered: 'unanswered',
  unusable: 'unusable',
};

/**
 * Draws for money: counted first, so that a worker that dies in the middle has been counted, and settled with what came of it.
 * Fails for good at a limit, and at the third image of a shot that is of no use.
 */
export async function drawPaid(
  { database, paidImages, newId }: Pick<ActivityDeps, 'database' | 'paidImages' | 'newId'>,
  { organizationId, ...attempt }: JobAttempt & { shot: Shot } & Pick<DrawingOrder, 'organizationId'>,
  draw: () => Promise<Drawing>,
): Promise<Drawing> {
  const image = { organizationId, id: newId(), ...attempt };
  const refusedBy = await database.transaction((trx) => orderPaidImage(trx, image, paidImages));
  if (refusedBy !== null) throw limitReached(limitNames[refusedBy](paidImages[refusedBy]));
  try {
    const drawing = await draw();
    await settlePaidImage(database, image, 'drawn');
    return drawing;
  } catch (error) {
    if (!(error instanceof RenderError)) throw error; // it is not known what came of it: it stays counted
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
