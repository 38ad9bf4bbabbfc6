import { ApplicationFailure } from '@temporalio/common';
import { shots, type Shot } from '../src/domain/shots.ts';
import type { Simulation } from '../src/domain/simulation.ts';

/** Fails a drawing as the caller of a test key wants to see it fail; `tries` counts its tries from 1. */
export function rehearse({ failShot, isRejected, retryAfterS }: Simulation, shot: Shot, tries: number): void {
  if (retryAfterS !== undefined && tries === 1) {
    throw ApplicationFailure.create({
      type: 'RATE_LIMITED',
      message: 'Simulated: the renderer is too busy.',
      nextRetryDelay: `${String(retryAfterS)} seconds`,
    });
  }
  const failForGood = (type: 'CONTENT_REJECTED' | 'RENDER_FAILED', message: string) =>
    ApplicationFailure.create({ type, message, nonRetryable: true });
  if (isRejected === true) throw failForGood('CONTENT_REJECTED', 'Simulated: the renderer refuses.');
  if (failShot !== undefined && shots[failShot - 1] === shot) {
    throw failForGood('RENDER_FAILED', 'Simulated: this shot fails.');
  }
}
