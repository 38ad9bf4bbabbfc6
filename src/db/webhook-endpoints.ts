// Where webhooks go. Whoever writes a delivery reads its endpoint `for key share`, and whoever changes an endpoint's status locks
// it `for update`: so a delivery that is written while an endpoint is paused is held, and none is missed when it is enabled.

import type { Environment } from '../domain/influencer.ts';
import {
  webhookLimits,
  type WebhookEndpointStatus,
  type WebhookEvent,
  type WebhookStatusReason,
} from '../domain/webhook.ts';
import { query, type Trx } from './database.ts';
import { failHeldDeliveries, releaseHeldDeliveries } from './held-deliveries.ts';

export interface WebhookEndpointRow {
  id: string;
  projectId: string | null;
  url: string;
  events: WebhookEvent[];
  description: string | null;
  status: WebhookEndpointStatus;
  statusReason: WebhookStatusReason | null;
  consecutiveFailures: number;
  pausedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface OwnedWebhookEndpoint {
  organizationId: string;
  environment: Environment;
  id: string;
}

const columns = `id, project_id as "projectId", url, events, description, status, status_reason as "statusReason",
  consecutive_failures as "consecutiveFailures", paused_at as "pausedAt", created_at as "createdAt",
  updated_at as "updatedAt"`;

const ofOwner = 'organization_id = :organizationId and environment = :environment and deleted_at is null';
const owned = `${ofOwner} and id = :id`;

/** Stores an endpoint; undefined when the organization has as many as it may in this environment. */
export async function insertWebhookEndpoint(
  trx: Trx,
  endpoint: OwnedWebhookEndpoint & {
    projectId: string | null;
    url: string;
    events: readonly WebhookEvent[];
    description: string | null;
    secret: Buffer;
  },
): Promise<WebhookEndpointRow | undefined> {
  // Two at a time would each count without the other. Not a lock on the organization: changes of API keys wait for that one.
  await query(trx, `select pg_advisory_xact_lock(hashtextextended('webhook_endpoints ' || :organizationId, 0))`, {
    organizationId: endpoint.organizationId,
  });
  const rows = await query<WebhookEndpointRow>(
    trx,
    `insert into webhook_endpoints (organization_id, id, environment, project_id, url, events, description, secret)
     select :organizationId, :id, :environment, :projectId, :url, :events, :description, :secret
     where (select count(*) from webhook_endpoints where ${ofOwner}) < :limit
     returning ${columns}`,
    { ...endpoint, events: [...endpoint.events], limit: webhookLimits.endpoints },
  );
  return rows[0];
}

/** Finds an endpoint; undefined also for one that is deleted, or of another organization or environment. */
export async function findWebhookEndpoint(
  trx: Trx,
  endpoint: OwnedWebhookEndpoint,
): Promise<WebhookEndpointRow | undefined> {
  const rows = await query<WebhookEndpointRow>(trx, `select ${columns} from webhook_endpoints where ${owned}`, {
    ...endpoint,
  });
  return rows[0];
}

/** Finds an endpoint and keeps its status as it is until the transaction ends. */
export async function holdWebhookEndpoint(
  trx: Trx,
  endpoint: OwnedWebhookEndpoint,
): Promise<WebhookEndpointRow | undefined> {
  const sql = `select ${columns} from webhook_endpoints where ${owned} for key share`;
  return (await query<WebhookEndpointRow>(trx, sql, { ...endpoint }))[0];
}

/** Lists endpoints from the newest on, behind `after` where that is given. */
export async function listWebhookEndpoints(
  trx: Trx,
  list: Omit<OwnedWebhookEndpoint, 'id'> & { after: { at: Date; id: string } | null; limit: number },
): Promise<WebhookEndpointRow[]> {
  const { after, ...bindings } = list;
  return query<WebhookEndpointRow>(
    trx,
    `select ${columns} from webhook_endpoints
     where ${ofOwner} ${after === null ? '' : 'and (created_at, id) < (:at, :id)'}
     order by created_at desc, id desc limit :limit`,
    { ...bindings, ...after },
  );
}

/** Null clears; what is left out stays. */
export interface WebhookEndpointChanges {
  url?: string | undefined;
  events?: readonly WebhookEvent[] | undefined;
  description?: string | null | undefined;
  status?: 'enabled' | 'disabled' | undefined;
}

const statusSql = {
  enabled: `status = 'enabled', status_reason = null, paused_at = null, consecutive_failures = 0`,
  disabled: `status = 'disabled', status_reason = 'by_caller', paused_at = null`,
};

/** Changes an endpoint and gives it as it is then; enabling it releases what is held, disabling it fails that, the first of it now. */
export async function updateWebhookEndpoint(
  trx: Trx,
  endpoint: OwnedWebhookEndpoint,
  { url, events, description, status }: WebhookEndpointChanges,
): Promise<WebhookEndpointRow | undefined> {
  // Before the update, which alone would take a weaker lock: who writes a delivery just now has to be waited for.
  await query(trx, `select from webhook_endpoints where ${owned} for update`, { ...endpoint });
  const changes = [
    ...(url === undefined ? [] : ['url = :url']),
    ...(events === undefined ? [] : ['events = :events']),
    ...(description === undefined ? [] : ['description = :description']),
    ...(status === undefined ? [] : [statusSql[status]]),
    ...(url === undefined && status === undefined ? [] : ['generation = generation + 1']),
    'updated_at = now()',
  ];
  const rows = await query<WebhookEndpointRow>(
    trx,
    `update webhook_endpoints set ${changes.join(', ')} where ${owned} returning ${columns}`,
    {
      ...endpoint,
      ...(url === undefined ? {} : { url }),
      ...(events === undefined ? {} : { events: [...events] }),
      ...(description === undefined ? {} : { description }),
    },
  );
  if (rows[0] !== undefined && status === 'enabled') await releaseHeldDeliveries(trx, endpoint);
  if (rows[0] !== undefined && status === 'disabled') await failHeldDeliveries(trx, endpoint, 'endpoint_disabled');
  return rows[0];
}

/** Gives an endpoint another secret; the one before signs beside it for 24 hours. */
export async function rotateWebhookSecret(
  trx: Trx,
  endpoint: OwnedWebhookEndpoint & { secret: Buffer },
): Promise<WebhookEndpointRow | undefined> {
  const rows = await query<WebhookEndpointRow>(
    trx,
    `update webhook_endpoints
     set secret = :secret, previous_secret = secret,
         previous_secret_until = now() + make_interval(hours => :overlapHours), updated_at = now()
     where ${owned} returning ${columns}`,
    { ...endpoint, overlapHours: webhookLimits.secretOverlapHours },
  );
  return rows[0];
}

/** Deletes an endpoint and gives when; undefined when there is none. Its secrets are forgotten at once. */
export async function deleteWebhookEndpoint(trx: Trx, endpoint: OwnedWebhookEndpoint): Promise<Date | undefined> {
  await query(trx, `select from webhook_endpoints where ${owned} for update`, { ...endpoint });
  const rows = await query<{ deletedAt: Date }>(
    trx,
    `update webhook_endpoints
     set ${statusSql.disabled}, secret = null, previous_secret = null, previous_secret_until = null, deleted_at = now()
     where ${owned} returning deleted_at as "deletedAt"`,
    { ...endpoint },
  );
  if (rows[0] !== undefined) await failHeldDeliveries(trx, endpoint, 'endpoint_deleted');
  return rows[0]?.deletedAt;
}
