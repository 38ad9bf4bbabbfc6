// What is said of pairs of measurements: the median of their ratios, and how sure it is.

import type { Random } from '../test/faults/random.ts';

export interface Interval {
  median: number;
  /** Of a bootstrap: 95 % of the medians of samples drawn with replacement lie between them. */
  low: number;
  high: number;
}

const resamples = 10_000;

/** The median of some values with its 95 % interval. */
export function medianOf(values: readonly number[], random: Random): Interval {
  const medians = Array.from({ length: resamples }, () => median(values.map(() => random.pick(values)))).sort(
    ascending,
  );
  return {
    median: median(values),
    low: quantile(medians, 0.025),
    high: quantile(medians, 0.975),
  };
}

const ascending = (one: number, other: number): number => one - other;

export const median = (values: readonly number[]): number => quantile([...values].sort(ascending), 0.5);

/** Of sorted values, between the two that are nearest. */
function quantile(sorted: readonly number[], at: number): number {
  const place = at * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) throw new Error('there are no values');
  return below + (above - below) * (place - Math.floor(place));
}
