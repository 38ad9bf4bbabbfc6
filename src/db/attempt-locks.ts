// What an attempt locks: the endpoint before the delivery, as whoever enables an endpoint does. Only for two seconds at most: one
// that waits longer fails and is made again, and does not keep a connection from the attempts of other endpoints.

import type { DeliveryRun, DeliveryStatus, DeliveryType, WebhookEndpointStatus } from '../domain/webhook.ts';
import { query, type Trx } from './database.ts';

/** One attempt of a run; its number rises from 1. */
export interface DeliveryAttempt extends DeliveryRun {
  attempt: number;
}

export interface AttemptedEndpoint {
  organizationId: string;
  id: string;
  status: WebhookEndpointStatus;
  isDeleted: boolean;
  consecutiveFailures: number;
  /** Rises when a caller sets URL or status. */
  generation: number;
  url: string;
  secrets: Buffer[];
}

/** Locks the endpoint of a delivery, for an attempt; undefined when it is forgotten. Throws where the lock is not to be had soon. */
export async function lockAttemptedEndpoint(
  trx: Trx,
  deliveryId: string,
  strength: 'key share' | 'no key update' | 'update',
) {
  await query(trx, `set local lock_timeout = '2s'`);
  const rows = await query<AttemptedEndpoint>(
    trx,
    `select w.organization_id as "organizationId", w.id, w.status, w.deleted_at is not null as "isDeleted",
            w.consecutive_failures as "consecutiveFailures", w.generation, w.url,
            array_remove(array[w.secret, case when w.previous_secret_until > now() then w.previous_secret end], null)
              as secrets
     from webhook_deliveries d
     join webhook_endpoints w on w.organization_id = d.organization_id and w.id = d.webhook_endpoint_id
     where d.id = :deliveryId
     for ${strength} of w`,
    { deliveryId },
  );
  return rows[0];
}

export interface AttemptedDelivery {
  run: number;
  status: DeliveryStatus;
  eventId: string;
  type: DeliveryType;
  createdAt: Date;
  /** By the clock of Postgres. */
  attemptedAt: Date;
  isRecorded: boolean;
  retryInMs: number | null;
}

/** Locks a delivery, after its endpoint; undefined when it is forgotten. */
export async function lockAttemptedDelivery(
  trx: Trx,
  { deliveryId, run, attempt }: DeliveryAttempt,
): Promise<AttemptedDelivery | undefined> {
  const rows = await query<Omit<AttemptedDelivery, 'isRecorded'> & { organizationId: string }>(
    trx,
    `select organization_id as "organizationId", run, status, event_id as "eventId", type, created_at as "createdAt",
            clock_timestamp() as "attemptedAt", ceil(extract(epoch from next_attempt_at - now()) * 1000)::integer as "retryInMs"
     from webhook_deliveries where id = :deliveryId
     for update`,
    { deliveryId },
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { organizationId, ...delivery } = row;
  // In a statement of its own: the one that waited for the lock sees no attempts but those from before it.
  const recorded = await query(
    trx,
    `select from webhook_attempts
     where organization_id = :organizationId and delivery_id = :deliveryId and run = :run and attempt = :attempt`,
    { organizationId, deliveryId, run, attempt },
  );
  return { ...delivery, isRecorded: recorded.length > 0 };
}
