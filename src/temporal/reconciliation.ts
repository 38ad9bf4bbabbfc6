import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { JobAttempt } from '../domain/job.ts';
import type { Outbox } from './outbox.ts';

export interface ReconciliationDeps {
  database: Knex;
  temporal: Client;
  /** Where cancellations are offered that were ordered here. */
  cancellations: Pick<Outbox<JobAttempt>, 'offer'>;
  newId: () => string;
  log: Logger;
  /** Ends it, whatever it does. */
  signal: AbortSignal;
}

/** What the steps of the reconciler work with. */
export interface Reconciliation extends Omit<ReconciliationDeps, 'temporal'> {
  /** How Temporal has a workflow, in its words; `UNKNOWN` where it has none. */
  lookAt: (workflowId: string) => Promise<{ status: string; isCancelRequested: boolean }>;
  terminate: (workflowId: string, reason: string) => Promise<void>;
  /** Asks Temporal something, for five seconds at most. */
  ask: <Answer>(question: () => Promise<Answer>) => Promise<Answer>;
  /** Does something with each; one that gives trouble is left for the next pass, but a whole row of them ends this one. */
  withEach: <Item extends object>(items: readonly Item[], act: (item: Item) => Promise<void>) => Promise<void>;
}

const callWithinMs = 5_000;
const maxConcurrent = 8;

export function reconciliation({ temporal, ...deps }: ReconciliationDeps): Reconciliation {
  const { log, signal } = deps;
  const ask: Reconciliation['ask'] = (question) =>
    // A signal for each call, since the SDK never lets go of the one that it listens to.
    temporal.withAbortSignal(AbortSignal.any([signal]), () =>
      temporal.withDeadline(Date.now() + callWithinMs, question),
    );
  return {
    ...deps,
    ask,
    async lookAt(workflowId) {
      try {
        const { status, raw } = await ask(() => temporal.workflow.getHandle(workflowId).describe());
        return { status: status.name, isCancelRequested: raw.workflowExtendedInfo?.cancelRequested ?? false };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { status: 'UNKNOWN', isCancelRequested: false };
        throw error;
      }
    },
    async terminate(workflowId, reason) {
      await ask(() => temporal.workflow.getHandle(workflowId).terminate(reason));
    },
    async withEach(items, act) {
      const left = items.values();
      let failuresInRow = 0;
      const take = async () => {
        for (const item of left) {
          if (signal.aborted || failuresInRow >= maxConcurrent) return;
          try {
            await act(item);
            failuresInRow = 0;
          } catch (error) {
            if (++failuresInRow >= maxConcurrent) throw error; // Postgres or Temporal is away
            log.warn({ err: error, item }, 'one could not be reconciled; it is tried again');
          }
        }
      };
      const taken = await Promise.allSettled(Array.from({ length: maxConcurrent }, take));
      for (const one of taken) if (one.status === 'rejected') throw one.reason;
    },
  };
}
