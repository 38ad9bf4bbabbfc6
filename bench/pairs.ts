// Two things are compared in one run, in turn: floor, ours, ours, floor. What the machine does meanwhile is done to both.

import type { Random } from '../test/faults/random.ts';
import { median, medianOf, type Interval } from './statistics.ts';

/** One measurement, of so many seconds after so many that do not count: a rate, or a time. */
export type Measurement = (seconds: { warmUp: number; measured: number }) => Promise<number>;

/** Measures a load of so many seconds after a shorter one that does not count. */
export const warmed =
  (load: (seconds: number) => Promise<number>): Measurement =>
  async ({ warmUp, measured }) => {
    await load(warmUp);
    return load(measured);
  };

export interface Effort {
  pairs: number;
  seconds: { warmUp: number; measured: number };
  /** How many jobs are many. */
  crowd: number;
  /** And how many are at once. */
  burst: number;
  random: Random;
}

export interface Comparison {
  /** Ours by the floor's. */
  ratio: Interval;
  pairs: number;
  /** Pairs in which the floor moved by more than a quarter. */
  thrownAway: number;
  /** Medians. */
  ours: number;
  floor: number;
}

/** How much the floor may move within a pair. */
const calm = 1.25;

/** Compares until there are enough pairs; throws when the machine is too restless for that. */
export async function compare(
  { floor, ours }: Record<'floor' | 'ours', Measurement>,
  { pairs, seconds, random }: Effort,
): Promise<Comparison> {
  const kept: Record<'floor' | 'ours' | 'ratio', number>[] = [];
  let thrownAway = 0;
  while (kept.length < pairs) {
    const [firstFloor, firstOurs] = [await floor(seconds), await ours(seconds)];
    const [secondOurs, secondFloor] = [await ours(seconds), await floor(seconds)];
    const least = Math.min(firstFloor, secondFloor);
    if (least === 0 || Math.max(firstFloor, secondFloor) > calm * least) {
      thrownAway++;
      if (thrownAway > 2 * pairs) throw new Error('the floor moves too much on this machine to compare with it');
      continue;
    }
    const pair = { floor: (firstFloor + secondFloor) / 2, ours: (firstOurs + secondOurs) / 2 };
    kept.push({ ...pair, ratio: pair.ours / pair.floor });
  }
  return {
    ratio: medianOf(
      kept.map(({ ratio }) => ratio),
      random,
    ),
    pairs,
    thrownAway,
    ours: median(kept.map(({ ours }) => ours)),
    floor: median(kept.map(({ floor }) => floor)),
  };
}
