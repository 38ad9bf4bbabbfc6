// What a locked delivery comes to.

import type { AttemptOutcome, DeliveryFailure, DeliveryRun } from '../domain/webhook.ts';
import type { AttemptedDelivery } from './attempt-locks.ts';
import { query, type Trx } from './database.ts';

/** What the run has come to by an attempt that is recorded already. */
export function outcomeOf({ run, status, retryInMs }: AttemptedDelivery, attempted: DeliveryRun): AttemptOutcome {
  if (status !== 'pending') return { ended: status };
  return run === attempted.run ? { ended: null, retryInMs: Math.max(0, retryInMs ?? 0) } : { ended: 'superseded' };
}

const setDelivery = (trx: Trx, { deliveryId }: DeliveryRun, changes: string, bindings: Record<string, unknown> = {}) =>
  query(trx, `update webhook_deliveries set ${changes} where id = :deliveryId`, { deliveryId, ...bindings });

export async function deliver(trx: Trx, run: DeliveryRun): Promise<AttemptOutcome> {
  await setDelivery(trx, run, `status = 'delivered', delivered_at = now(), next_attempt_at = null`);
  return { ended: 'delivered' };
}

export async function fail(trx: Trx, run: DeliveryRun, reason: DeliveryFailure): Promise<AttemptOutcome> {
  await setDelivery(trx, run, `status = 'failed', status_reason = :reason, next_attempt_at = null`, { reason });
  return { ended: 'failed' };
}

/** Holds a delivery until its endpoint is enabled: that is then another run. */
export async function hold(trx: Trx, run: DeliveryRun): Promise<AttemptOutcome> {
  const changes = `status = 'held', run = run + 1, restarts = 0, next_attempt_at = null, dispatched_at = null`;
  await setDelivery(trx, run, changes);
  return { ended: 'held' };
}

export async function retry(trx: Trx, run: DeliveryRun, retryInMs: number): Promise<AttemptOutcome> {
  const seconds = retryInMs / 1000;
  await setDelivery(trx, run, 'next_attempt_at = now() + make_interval(secs => :seconds)', { seconds });
  return { ended: null, retryInMs };
}
