import type { Job } from '../client/index.ts';

const width = 30;

/** A job in one line: how far it is, and what it waits for. */
export function progressOf({ progress, stage, status, images, waiting }: Job): string {
  const filled = Math.round(progress * width);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
  const state = `${bar} ${stage ?? status}, ${String(images.rendered)} of ${String(images.total)} images`;
  return waiting === null || waiting.reason === 'queued' ? state : `${state}, waits (${waiting.reason})`;
}
