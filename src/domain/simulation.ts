// Trouble that a caller rehearses with a test key: what of a job's first attempt goes wrong, and how.

import { shots } from './shots.ts';

export interface Simulation {
  /** Which shot fails for good, counted from 1 in the order of the set. */
  failShot?: number;
  /** Whether the renderer refuses to draw the person. */
  isRejected?: true;
  /** How much longer each wave of drawings takes, in ms. */
  delayMs?: number;
  /** In how many seconds the renderer, which is too busy at the first try of each shot, asks to be tried again. */
  retryAfterS?: number;
}

/** What a simulation consists of, and how far each number may go. */
const simulationLimits = {
  fail_shot: { min: 1, max: shots.length },
  delay_ms: { min: 0, max: 60_000 },
  retry_after: { min: 1, max: 300 },
} as const;

/** The form of a simulation as a text, as a regular expression for JSON Schema; the limits of its numbers are beside it. */
export const simulationPattern =
  '^(reject|(fail_shot|delay_ms|retry_after)=\\d{1,6})( *, *(reject|(fail_shot|delay_ms|retry_after)=\\d{1,6}))*$';

const form = new RegExp(simulationPattern);

/** Reads `fail_shot=3, delay_ms=2000`; throws a `RangeError` that says what is wrong with it. */
export function parseSimulation(text: string): Simulation {
  if (!form.test(text)) {
    throw new RangeError('must be a list of reject, fail_shot=N, delay_ms=N, retry_after=N, with commas between them');
  }
  const parts = text.split(',').map((part) => {
    const [name = '', number = ''] = part.trim().split('=');
    return [name, number] as const;
  });
  const given = new Map<string, string>(parts);
  if (given.size < parts.length) throw new RangeError('must name each of its parts once');
  const numberOf = (name: keyof typeof simulationLimits): number | undefined => {
    const written = given.get(name);
    if (written === undefined) return undefined;
    const { min, max } = simulationLimits[name];
    const number = Number(written);
    if (number < min || number > max) {
      throw new RangeError(`must have a ${name} from ${String(min)} to ${String(max)}`);
    }
    return number;
  };
  const [failShot, delayMs, retryAfterS] = [numberOf('fail_shot'), numberOf('delay_ms'), numberOf('retry_after')];
  return {
    ...(failShot === undefined ? {} : { failShot }),
    ...(given.has('reject') ? { isRejected: true } : {}),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
  };
}
