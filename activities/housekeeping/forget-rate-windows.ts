import { forgetWindows } from '../../src/db/rate-windows.ts';
import type { ActivityDeps } from '../deps.ts';

/** Forgets how much of past minutes' allowances was used; gives how many rows. Safe to repeat. */
export const forgetRateWindows =
  ({ database }: Pick<ActivityDeps, 'database'>) =>
  (): Promise<number> =>
    forgetWindows(database);
