// The deliveries table is the outbox of webhooks: a pending delivery without dispatched_at has no workflow yet.

import type { DeliveryRun, DeliveryType } from '../domain/webhook.ts';
import { query, type Trx } from './database.ts';
import { inOrganization } from './in-organization.ts';
import { waitingOrganizationsSql } from './waiting-organizations.ts';

/** A delivery whose workflow is to be started, with what operators are told of it. */
export interface DeliveryDispatch extends DeliveryRun {
  organizationId: string;
  webhookEndpointId: string;
  type: DeliveryType;
}

/** An organization that has so many due deliveries in Temporal waits with the others: its receivers are slow, and slots are few. */
const maxDue = 200;

const dispatchColumns = `id as "deliveryId", run, organization_id as "organizationId",
  webhook_endpoint_id as "webhookEndpointId", type`;

const isUnstarted = `dispatched_at is null and status = 'pending'`;
const isUnderWay = `dispatched_at is not null and status = 'pending'`;

/**
 * Claims unstarted deliveries for five seconds, at most `limit`: an equal share of every organization that has some first, and
 * none of one that has `maxDue` under way. Its cost is that of the organizations, however many deliveries each has.
 */
export async function claimDeliveries(trx: Trx, limit: number): Promise<DeliveryDispatch[]> {
  return query<DeliveryDispatch>(
    trx,
    `with recursive ${waitingOrganizationsSql('webhook_deliveries', isUnstarted)}
     update webhook_deliveries set claimed_until = now() + interval '5 seconds'
     where id in (
       select id
       from (
         select candidate.id, row_number() over (partition by o.organization_id order by candidate.id) as place
         from waiting o,
         lateral (
           select id from webhook_deliveries
           where ${inOrganization('o.organization_id')} and ${isUnstarted} and (claimed_until is null or claimed_until < now())
           order by organization_id, id limit :limit
           for update skip locked
         ) candidate
         where (
           select count(*) from (
             select from webhook_deliveries
             where organization_id = o.organization_id and ${isUnderWay} and next_attempt_at <= now() limit :maxDue
           ) due
         ) < :maxDue
       ) fair
       order by place, id
       limit :limit
     )
     returning ${dispatchColumns}`,
    { limit, maxDue },
  );
}

/** Marks a run's workflow as started; does nothing when a later run has begun since. */
export async function markDeliveryDispatched(trx: Trx, { deliveryId, run }: DeliveryRun): Promise<void> {
  await query(
    trx,
    `update webhook_deliveries set dispatched_at = now(), claimed_until = null
     where id = :deliveryId and run = :run and dispatched_at is null`,
    { deliveryId, run },
  );
}

export interface OverdueDelivery extends DeliveryDispatch {
  nextAttemptAt: Date;
  /** How often it was put back already. */
  restarts: number;
}

/**
 * Lists started deliveries whose next attempt should have been made more than two minutes ago, at most `limit` behind `after`,
 * those that wait longest first: no worker made it, or Temporal has lost the workflow. Which of both, Temporal is to be asked.
 */
export async function listOverdueDeliveries(
  trx: Trx,
  after: Pick<OverdueDelivery, 'nextAttemptAt' | 'deliveryId'> | null,
  limit: number,
): Promise<OverdueDelivery[]> {
  return query<OverdueDelivery>(
    trx,
    `select ${dispatchColumns}, next_attempt_at as "nextAttemptAt", restarts from webhook_deliveries
     where ${isUnderWay} and dispatched_at < now() - interval '2 minutes' and next_attempt_at < now() - interval '2 minutes'
       ${after === null ? '' : 'and (next_attempt_at, id) > (:nextAttemptAt, :deliveryId)'}
     order by next_attempt_at, id limit :limit`,
    { limit, ...after },
  );
}

/** Puts a started delivery back to the outbox, as a new run: its schedule begins anew. Gives false when that run has ended. */
export async function restartDelivery(trx: Trx, { deliveryId, run }: DeliveryRun): Promise<boolean> {
  const rows = await query(
    trx,
    `update webhook_deliveries
     set run = run + 1, restarts = restarts + 1, dispatched_at = null, claimed_until = null, next_attempt_at = now()
     where id = :deliveryId and run = :run and ${isUnderWay}
     returning id`,
    { deliveryId, run },
  );
  return rows.length === 1;
}

/** Fails a started delivery that was put back in vain; does nothing when that run has ended. */
export async function giveUpDelivery(trx: Trx, { deliveryId, run }: DeliveryRun): Promise<void> {
  await query(
    trx,
    `update webhook_deliveries set status = 'failed', status_reason = 'exhausted', next_attempt_at = null
     where id = :deliveryId and run = :run and ${isUnderWay}`,
    { deliveryId, run },
  );
}
