// Starts the workflows of accepted jobs. The process that accepted a job offers it here, off the caller's path; whatever is
// committed and not started (a crash, Temporal away, too much at once) is found by the scan of any worker.

import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import type { Logger } from 'pino';
import { claimUndispatched, markDispatched, type Dispatch } from '../db/dispatch.ts';
import { runningJobsLimits } from '../domain/scopes.ts';
import { startJobWorkflow } from './start-workflow.ts';

export interface Dispatcher {
  /** Starts a job's workflow soon; a job that finds too many before it is left to the scan. Never throws. */
  offer: (job: Dispatch) => void;
  /** Scans for unstarted jobs until closed. */
  scan: () => void;
  /** Stops taking jobs and waits for the starts under way. */
  close: () => Promise<void>;
}

const startWithinMs = 5_000;

interface DispatcherDeps {
  database: Knex;
  temporal: Client;
  log: Logger;
}

export function createDispatcher(
  { database, temporal, log }: DispatcherDeps,
  { maxConcurrent = 16, maxWaiting = 1_000, scanEveryMs = 500 } = {},
): Dispatcher {
  const waiting: Dispatch[] = [];
  const starting = new Set<Promise<void>>();
  const closing = new AbortController();
  let scanning = Promise.resolve();
  let isTemporalAway = false;

  const start = async (job: Dispatch): Promise<void> => {
    try {
      // A start that hangs, or that closing interrupts, is given up: the claim runs out, and starting twice does no harm.
      // (A signal for each call, since the SDK never lets go of the one that it listens to.)
      await temporal.withAbortSignal(AbortSignal.any([closing.signal]), () =>
        temporal.withDeadline(Date.now() + startWithinMs, () => startJobWorkflow(temporal, job)),
      );
      await markDispatched(database, job);
      if (isTemporalAway) log.info('Temporal is back: starting what was accepted meanwhile');
      isTemporalAway = false;
    } catch (error) {
      if (closing.signal.aborted) return;
      if (!isTemporalAway) log.warn({ err: error, jobId: job.jobId }, 'a job could not be started; it is tried again');
      isTemporalAway = true; // the claim runs out in a few seconds, and the next scan tries again
    }
  };

  const pump = (): void => {
    while (starting.size < maxConcurrent && !closing.signal.aborted) {
      const job = waiting.shift();
      if (job === undefined) return;
      const started: Promise<void> = start(job).finally(() => {
        starting.delete(started);
        pump();
      });
      starting.add(started);
    }
  };

  const scanForever = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        if (waiting.length < maxConcurrent) {
          waiting.push(...(await claimUndispatched(database, maxConcurrent * 2, runningJobsLimits)));
          pump();
        }
      } catch (error) {
        log.warn({ err: error }, 'unstarted jobs could not be looked for; trying again');
      }
      await delay(scanEveryMs, undefined, { signal: closing.signal }).catch(() => undefined); // closing ends the wait
    }
  };

  return {
    offer(job) {
      if (closing.signal.aborted || waiting.length >= maxWaiting) return;
      waiting.push(job);
      pump();
    },
    scan() {
      scanning = scanForever();
    },
    async close() {
      closing.abort();
      waiting.length = 0; // their claims run out, and a scan of another process finds them
      await scanning;
      await Promise.all(starting);
    },
  };
}
