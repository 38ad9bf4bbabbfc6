import type { Job } from '../client/index.ts';

const width = 30;

/** A bar for what is done, from 0 to 1. */
export function barOf(done: number): string {
  const filled = Math.round(done * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
}

/** A job in one line: how far it is, and what it waits for. */
export function progressOf({ progress, stage, status, images, waiting }: Job): string {
  const state = `${barOf(progress)} ${stage ?? status}, ${String(images.rendered)} of ${String(images.total)} images`;
  return waiting === null || waiting.reason === 'queued' ? state : `${state}, waits (${waiting.reason})`;
}
