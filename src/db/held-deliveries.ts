// Deliveries of a paused endpoint, which wait for it to be enabled. There may be very many: whoever changes the endpoint releases
// or fails the first of them under its lock, which events wait for, and the reconciler the rest.

import type { DeliveryFailure } from '../domain/webhook.ts';
import { query, type Trx } from './database.ts';
import { inOrganization } from './in-organization.ts';

interface OwnedEndpoint {
  organizationId: string;
  id: string;
}

const batch = 1_000;

/** Some held deliveries of an endpoint. */
const heldIds = `id in (
  select id from webhook_deliveries
  where ${inOrganization(':organizationId')} and webhook_endpoint_id = :id and status = 'held'
  order by organization_id, id limit :batch for update
)`;

/** Puts held deliveries of a locked endpoint back to the outbox, some at a time, the oldest first; gives how many. */
export async function releaseHeldDeliveries(trx: Trx, { organizationId, id }: OwnedEndpoint): Promise<number> {
  const rows = await query(
    trx,
    `update webhook_deliveries set status = 'pending', next_attempt_at = now() where ${heldIds} returning id`,
    { organizationId, id, batch },
  );
  return rows.length;
}

/** Fails held deliveries of a locked endpoint that gets nothing more, some at a time; gives how many. */
export async function failHeldDeliveries(
  trx: Trx,
  { organizationId, id }: OwnedEndpoint,
  reason: DeliveryFailure,
): Promise<number> {
  const rows = await query(
    trx,
    `update webhook_deliveries set status = 'failed', status_reason = :reason where ${heldIds} returning id`,
    { organizationId, id, reason, batch },
  );
  return rows.length;
}

/** Lists the endpoints that have held deliveries and are not paused. */
export async function listEndpointsToSettle(trx: Trx): Promise<OwnedEndpoint[]> {
  return query<OwnedEndpoint>(
    trx,
    // An index is read from one endpoint to the next, not through all that each of them holds.
    `with recursive holder (organization_id, id) as (
       (select organization_id, webhook_endpoint_id from webhook_deliveries where status = 'held'
        order by organization_id, webhook_endpoint_id limit 1)
       union all
       select d.organization_id, d.webhook_endpoint_id
       from holder h, lateral (
         select organization_id, webhook_endpoint_id from webhook_deliveries
         where status = 'held' and (organization_id, webhook_endpoint_id) > (h.organization_id, h.id)
         order by organization_id, webhook_endpoint_id limit 1
       ) d
     )
     select organization_id as "organizationId", id
     from holder join webhook_endpoints w using (organization_id, id)
     where w.status <> 'paused'`,
  );
}

/** Releases or fails held deliveries of an endpoint that is not paused, some at a time; gives whether there may be more. */
export async function settleHeldDeliveries(trx: Trx, { organizationId, id }: OwnedEndpoint): Promise<boolean> {
  const [endpoint] = await query<{ status: string; reason: DeliveryFailure }>(
    trx,
    `select status, case when deleted_at is not null then 'endpoint_deleted'
                         when status_reason = 'gone_410' then 'gone_410' else 'endpoint_disabled' end as reason
     from webhook_endpoints where organization_id = :organizationId and id = :id
     for key share`, // so it stays, and who writes deliveries does not wait
    { organizationId, id },
  );
  if (endpoint === undefined || endpoint.status === 'paused') return false;
  const owned = { organizationId, id };
  const settled =
    endpoint.status === 'enabled'
      ? await releaseHeldDeliveries(trx, owned)
      : await failHeldDeliveries(trx, owned, endpoint.reason);
  return settled === batch;
}
