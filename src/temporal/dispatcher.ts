// Tells Temporal what was stored: the workflows that are to start, and those that are to be canceled.

import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import type { Logger } from 'pino';
import { claimCancellations } from '../db/cancellations.ts';
import { claimDeliveries, markDeliveryDispatched, type DeliveryDispatch } from '../db/delivery-dispatch.ts';
import { claimUndispatched, markDispatched, type Dispatch } from '../db/dispatch.ts';
import type { JobAttempt } from '../domain/job.ts';
import { runningJobsLimits } from '../domain/scopes.ts';
import { cancelJobWorkflow } from './cancel-workflow.ts';
import { createOutbox, type Outbox, type OutboxLimits } from './outbox.ts';
import { sharing } from '../db/sharing.ts';
import { startDeliveryWorkflow } from './start-delivery.ts';
import { startJobWorkflow } from './start-workflow.ts';

export interface Dispatcher {
  /** Jobs whose workflows are to start. */
  jobs: Outbox<Dispatch>;
  /** Attempts whose workflows are to be canceled. */
  cancellations: Outbox<JobAttempt>;
  /** Webhooks whose workflows are to start. */
  deliveries: Outbox<DeliveryDispatch>;
  /** Scans for what was stored and never offered until closed. */
  scan: () => void;
  close: () => Promise<void>;
}

/**
 * What a worker and those who start workflows share in a process: the worker's client while it polls. A workflow that is started through
 * it has its first task in the answer, so that nobody has to hand it out.
 */
export interface EagerStarts {
  client: Client | null;
}

interface DispatcherDeps {
  database: Knex;
  temporal: Client;
  eagerStarts?: EagerStarts | undefined;
  /** Where operators find the console, without a slash at the end; null or left out: nobody is led there. */
  publicUrl?: string | null | undefined;
  newId: () => string;
  log: Logger;
}

export function createDispatcher(
  { database, temporal, eagerStarts, publicUrl, newId, log }: DispatcherDeps,
  limits: OutboxLimits = {},
): Dispatcher {
  const shared = { temporal: () => temporal, log };
  const mark = sharing((started: readonly JobAttempt[]) => markDispatched(database, started));
  const jobs = createOutbox<Dispatch>(
    {
      temporal: () => eagerStarts?.client ?? temporal,
      log,
      name: 'starts',
      claim: (limit) => claimUndispatched(database, limit, runningJobsLimits),
      async deliver(job, through) {
        await startJobWorkflow(through, job, { isEager: through === eagerStarts?.client, publicUrl });
        await mark(job);
      },
    },
    limits,
  );
  const cancellations = createOutbox<JobAttempt>(
    {
      ...shared,
      name: 'cancellations',
      claim: (limit) => claimCancellations(database, limit),
      deliver: (job) => cancelJobWorkflow({ database, temporal, newId }, job),
    },
    limits,
  );
  const deliveries = createOutbox<DeliveryDispatch>(
    {
      ...shared,
      name: 'webhooks',
      claim: (limit) => claimDeliveries(database, limit),
      async deliver(delivery) {
        await startDeliveryWorkflow(temporal, delivery);
        await markDeliveryDispatched(database, delivery);
      },
    },
    { maxConcurrent: 32, ...limits },
  );
  const outboxes = [jobs, cancellations, deliveries];
  return {
    jobs,
    cancellations,
    deliveries,
    scan() {
      for (const outbox of outboxes) outbox.scan();
    },
    async close() {
      await Promise.all(outboxes.map((outbox) => outbox.close()));
    },
  };
}
