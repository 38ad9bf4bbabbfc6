// Makes Postgres and Temporal agree again after what neither can mend by itself: an operator's hand, Temporal's data lost, a job
// that does not end. It runs in every worker, one at a time, beside Temporal and not on it, since that is what it must survive.

import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { oneAtATime } from '../db/one-at-a-time.ts';
import { reconcileDeliveries } from './reconcile-deliveries.ts';
import { reconcileJobs, stopOverdueJobs } from './reconcile-jobs.ts';
import { reconciliation, type ReconciliationDeps } from './reconciliation.ts';
import { ensureSchedules, updateSchedules } from './schedules.ts';
import { ensureSearchAttributes } from './search-attributes.ts';

interface ReconcilerDeps extends Omit<ReconciliationDeps, 'signal'> {
  connection: Pick<Connection, 'operatorService'>;
}

interface ReconcilerLimits {
  /** How long an attempt may take from its first drawing on. */
  attemptTimeoutMinutes: number;
  everyMs?: number;
}

export interface Reconciler {
  /** One pass, now; does nothing where another process is at it. */
  reconcile: () => Promise<void>;
  /** Passes until closed. */
  start: () => void;
  close: () => Promise<void>;
}

/** A turn is one transaction that says nothing while Temporal is asked about job after job. */
export const reconcilingTurn = { what: 'reconcile', maxSilenceMs: 600_000 };

export function createReconciler(
  { connection, ...deps }: ReconcilerDeps,
  { attemptTimeoutMinutes, everyMs = 20_000 }: ReconcilerLimits,
): Reconciler {
  const { database, temporal, log } = deps;
  const closing = new AbortController();
  const by = reconciliation({ ...deps, signal: closing.signal });
  let running = Promise.resolve();
  // Once as this release wants them; then someone may delete them, or bring up an empty Temporal.
  let ensure = updateSchedules;

  const steps = {
    async keepTemporalSetUp() {
      await by.ask(() => ensureSearchAttributes(connection, temporal.options.namespace));
      await by.ask(() => ensure(temporal));
      ensure = ensureSchedules;
    },
    reconcileJobs: () => reconcileJobs(by),
    // After that: an attempt that Temporal has lost is started anew, with its time.
    stopOverdueJobs: () => stopOverdueJobs(by, attemptTimeoutMinutes),
    reconcileDeliveries: () => reconcileDeliveries(by),
  };
  const reconcile = async (): Promise<void> => {
    await oneAtATime(database, reconcilingTurn, async () => {
      for (const [step, take] of Object.entries(steps)) {
        if (closing.signal.aborted) return;
        await take().catch((error: unknown) => {
          if (!closing.signal.aborted)
            log.warn({ err: error, step }, 'a step of the reconciler failed; it is tried again');
        });
      }
    });
  };

  return {
    reconcile,
    start() {
      running = (async () => {
        while (!closing.signal.aborted) {
          await reconcile().catch((error: unknown) => {
            if (!closing.signal.aborted) log.warn({ err: error }, 'the reconciler could not begin; it tries again');
          });
          await delay(everyMs, undefined, { signal: closing.signal }).catch(() => undefined); // closing ends the wait
        }
      })();
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}
