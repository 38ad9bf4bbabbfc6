/** What is asked of a measure; what does not concern it is left alone. */
export interface MeasureOptions {
  /** A quick try, which shows that it works and little more. */
  isSmall: boolean;
  /** How many 202s, and how many crashes of Postgres. */
  acknowledged: number;
  crashes: number;
  /** How long Temporal is away. */
  minutes: number;
}

interface Measured {
  /** Whether the promise that the measure is of holds. */
  holds: boolean;
  numbers: Record<string, unknown>;
  /** Single things that may not be, in words. */
  faults: string[];
}

export type Measure = (options: MeasureOptions) => Promise<Measured>;
