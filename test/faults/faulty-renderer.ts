// A renderer that takes no time, but for the people whom a fault is about: what it does is written in their vibe.

import { setTimeout as delay } from 'node:timers/promises';
import type { Renderer } from '../../activities/rendering/renderer.ts';
import { plainRenderer } from '../support/plain-renderer.ts';

/** The vibes with which a drawing goes otherwise than well. */
export const vibes = {
  throws: 'poison: throws',
  /** Throws an error of three megabytes, more than Temporal takes. */
  throwsMuch: 'poison: throws much',
  /** Gives a result of three megabytes. */
  givesMuch: 'poison: gives much',
  /** Takes all memory there is, one time in thirty. */
  hungry: 'hungry',
  /** Takes two seconds. */
  slow: 'slow',
} as const;

const much = 3_000_000;

/** Takes `drawingMs` for each picture, where a measure needs time. */
export function faultyRenderer(drawingMs = 0): Renderer {
  const plain = plainRenderer(drawingMs === 0 ? undefined : (_, signal) => delay(drawingMs, undefined, { signal }));
  return {
    ...plain,
    async render(description, signal) {
      const { vibe } = description.identity;
      if (vibe === vibes.throws) throw new Error('poison');
      if (vibe === vibes.throwsMuch) throw new Error('poison '.repeat(much / 7));
      if (vibe === vibes.slow) await delay(2_000, undefined, { signal });
      if (vibe === vibes.hungry && Math.random() < 1 / 30) takeAllMemory();
      const drawing = await plain.render(description, signal);
      if (vibe !== vibes.givesMuch) return drawing;
      return { ...drawing, provenance: { ...drawing.provenance, version: 'x'.repeat(much) } };
    },
  };
}

/** Ends the process, as its heap has an end. */
function takeAllMemory(): never {
  const kept: string[][] = [];
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, index) => `${String(kept.length)} ${String(index)}`));
}
