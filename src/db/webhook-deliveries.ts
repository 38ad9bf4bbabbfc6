import {
  webhookLimits,
  type AttemptError,
  type DeliveryFailure,
  type DeliveryStatus,
  type DeliveryType,
} from '../domain/webhook.ts';
import type { DeliveryDispatch } from './delivery-dispatch.ts';
import { query, type Trx } from './database.ts';
import type { OwnedWebhookEndpoint } from './webhook-endpoints.ts';

export interface WebhookDeliveryRow {
  id: string;
  run: number;
  organizationId: string;
  webhookEndpointId: string;
  eventId: string;
  type: DeliveryType;
  jobId: string | null;
  status: DeliveryStatus;
  statusReason: DeliveryFailure | null;
  createdAt: Date;
  deliveredAt: Date | null;
  nextAttemptAt: Date | null;
  /** The oldest first. */
  attempts: WebhookAttemptRow[];
}

interface WebhookAttemptRow {
  at: string;
  durationMs: number;
  statusCode: number | null;
  error: AttemptError | null;
  responseExcerpt: string | null;
}

/** Needs the delivery as `d`. */
const columns = `d.id, d.run, d.organization_id as "organizationId", d.webhook_endpoint_id as "webhookEndpointId",
  d.event_id as "eventId", d.type, d.job_id as "jobId", d.status, d.status_reason as "statusReason",
  d.created_at as "createdAt", d.delivered_at as "deliveredAt", d.next_attempt_at as "nextAttemptAt",
  coalesce((
    select jsonb_agg(jsonb_build_object(
             'at', a.at, 'durationMs', a.duration_ms, 'statusCode', a.status_code, 'error', a.error,
             'responseExcerpt', a.response_excerpt) order by a.run, a.attempt)
    from (
      select * from webhook_attempts
      where organization_id = d.organization_id and delivery_id = d.id
      order by run desc, attempt desc limit ${String(webhookLimits.shownAttempts)}
    ) a
  ), '[]') as attempts`;

/** What the dispatcher needs of a delivery, to start its workflow. */
export const dispatchOf = (row: WebhookDeliveryRow): DeliveryDispatch => ({
  deliveryId: row.id,
  run: row.run,
  organizationId: row.organizationId,
  webhookEndpointId: row.webhookEndpointId,
  type: row.type,
});

/** Lists the deliveries of an endpoint with these statuses from the newest on, behind `after` where that is given. */
export async function listWebhookDeliveries(
  trx: Trx,
  list: {
    organizationId: string;
    webhookEndpointId: string;
    /** Without duplicates. */
    statuses: readonly DeliveryStatus[];
    after: { at: Date; id: string } | null;
    limit: number;
  },
): Promise<WebhookDeliveryRow[]> {
  const { after, statuses, ...bindings } = list;
  return query<WebhookDeliveryRow>(
    trx,
    `select ${columns}
     from (
       select newest.*
       from unnest(:statuses::text[]) as wanted (status), lateral (
         select * from webhook_deliveries
         where organization_id = :organizationId and webhook_endpoint_id = :webhookEndpointId and status = wanted.status
           ${after === null ? '' : 'and (created_at, id) < (:at, :id)'}
         order by created_at desc, id desc limit :limit
       ) newest
       order by created_at desc, id desc limit :limit
     ) d
     order by d.created_at desc, d.id desc`,
    { ...bindings, statuses: [...statuses], ...after },
  );
}

/** Stores a delivery that tries a held endpoint; the process that stores it has five seconds to start it. */
export async function insertTestDelivery(
  trx: Trx,
  delivery: { organizationId: string; id: string; webhookEndpointId: string; eventId: string },
): Promise<WebhookDeliveryRow> {
  const rows = await query<WebhookDeliveryRow>(
    trx,
    `with d as (
       insert into webhook_deliveries (organization_id, id, webhook_endpoint_id, event_id, type, next_attempt_at, claimed_until)
       values (:organizationId, :id, :webhookEndpointId, :eventId, 'webhook.test', now(), now() + interval '5 seconds')
       returning *
     )
     select ${columns} from d`,
    delivery,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an inserted delivery was not returned');
  return row;
}

/** A delivery that is locked, and whether what it told can still be told. */
export interface LockedDelivery {
  webhookEndpointId: string;
  status: DeliveryStatus;
  hasEvent: boolean;
}

/** Locks a delivery, but not its endpoint; undefined also for one of another organization or environment. */
export async function lockWebhookDelivery(trx: Trx, owned: OwnedWebhookEndpoint): Promise<LockedDelivery | undefined> {
  const rows = await query<LockedDelivery>(
    trx,
    `select d.webhook_endpoint_id as "webhookEndpointId", d.status, d.job_id is null or exists (
              select from job_events e
              where e.organization_id = d.organization_id and e.job_id = d.job_id and e.seq = d.seq) as "hasEvent"
     from webhook_deliveries d
     where d.organization_id = :organizationId and d.id = :id
     for update of d`,
    { organizationId: owned.organizationId, id: owned.id },
  );
  return rows[0];
}

/** Finds the endpoint of a delivery; undefined also for one that is deleted, or of another organization or environment. */
export async function findEndpointOfDelivery(
  trx: Trx,
  { organizationId, environment, id }: OwnedWebhookEndpoint,
): Promise<string | undefined> {
  const rows = await query<{ id: string }>(
    trx,
    `select w.id
     from webhook_deliveries d
     join webhook_endpoints w on w.organization_id = d.organization_id and w.id = d.webhook_endpoint_id
     where d.organization_id = :organizationId and d.id = :id and w.environment = :environment and w.deleted_at is null`,
    { organizationId, environment, id },
  );
  return rows[0]?.id;
}

/** Begins the next run of a locked delivery; the process that does has five seconds to start it. */
export async function redeliverWebhook(
  trx: Trx,
  { organizationId, id }: { organizationId: string; id: string },
): Promise<WebhookDeliveryRow> {
  const rows = await query<WebhookDeliveryRow>(
    trx,
    `with d as (
       update webhook_deliveries
       set status = 'pending', status_reason = null, run = run + 1, restarts = 0, delivered_at = null, next_attempt_at = now(),
           dispatched_at = null, claimed_until = now() + interval '5 seconds'
       where organization_id = :organizationId and id = :id
       returning *
     )
     select ${columns} from d`,
    { organizationId, id },
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a locked delivery is not there');
  return row;
}
