import type { Bench } from './bench.ts';
import type { Comparison } from './pairs.ts';

/** One line of the results: a number, what it must reach, and what it was measured with. */
export interface Result {
  what: string;
  value: number;
  /** The 95 % interval of a median; for counts, none. */
  interval?: { low: number; high: number };
  /** Null for what is told and need not reach anything. */
  bound: { atLeast: number } | { atMost: number } | null;
  /** Said beside it: the rates behind a ratio, pairs that were thrown away. */
  detail: string;
}

export interface Row {
  number: number;
  what: string;
  measure: (bench: Bench) => Promise<Result[]>;
}

/** Whether it is reached, at the worse end of the interval. */
export function isReached({ value, interval, bound }: Result): boolean {
  if (bound === null) return true;
  if ('atLeast' in bound) return (interval?.low ?? value) >= bound.atLeast;
  return (interval?.high ?? value) <= bound.atMost;
}

/** What was measured and what is needed, as people read them. */
export const saidOf = ({ value, interval, bound }: Result): Record<'measured' | 'needed', string> => ({
  measured:
    value.toFixed(3) + (interval === undefined ? '' : ` (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`),
  needed: bound === null ? 'told' : 'atLeast' in bound ? `≥ ${String(bound.atLeast)}` : `≤ ${String(bound.atMost)}`,
});

const detailOf = ({ ours, floor, pairs, thrownAway }: Comparison, unit: string): string =>
  `${ours.toFixed(unit === 'ms' ? 2 : 0)} against ${floor.toFixed(unit === 'ms' ? 2 : 0)} ${unit}; ${String(pairs)} pairs, ${String(thrownAway)} thrown away`;

/** A result that is the ratio of two rates, or of two times. */
export const resultOf = (what: string, bound: Result['bound'], comparison: Comparison, unit: string): Result => ({
  what,
  value: comparison.ratio.median,
  interval: comparison.ratio,
  bound,
  detail: detailOf(comparison, unit),
});
