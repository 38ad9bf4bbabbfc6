import type { Context } from 'koa';
import type { Principal } from '../db/api-keys.ts';
import { invalid } from '../domain/errors.ts';
import { parseSimulation, type Simulation } from '../domain/simulation.ts';

/** The trouble that a caller rehearses; throws `VALIDATION` for what is none, and for a key that is not for testing. */
export function simulationIn(ctx: Context, { environment }: Principal): Simulation | null {
  const { 'x-doppel-simulate': header } = ctx.headers;
  if (header === undefined) return null;
  const refuse = (message: string, keyword: string) =>
    invalid([{ path: 'header.X-Doppel-Simulate', message, keyword }]);
  if (environment !== 'test') throw refuse('is for test keys alone', 'environment');
  try {
    return parseSimulation(String(header));
  } catch (error) {
    throw error instanceof RangeError ? refuse(error.message, 'simulation') : error;
  }
}
