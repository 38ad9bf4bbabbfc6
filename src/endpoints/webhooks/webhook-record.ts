import type { WebhookDeliveryRow } from '../../db/webhook-deliveries.ts';
import type { WebhookEndpointRow } from '../../db/webhook-endpoints.ts';
import { formatId } from '../../domain/ids.ts';
import type { WebhookDelivery, WebhookEndpoint } from '../../schemas/webhook.ts';

/** An endpoint as callers see it: without its secrets. */
export const webhookEndpointRecord = (row: WebhookEndpointRow): WebhookEndpoint => ({
  webhookEndpointId: formatId('webhookEndpoint', row.id),
  url: row.url,
  events: row.events,
  description: row.description,
  projectId: row.projectId === null ? null : formatId('project', row.projectId),
  status: row.status,
  statusReason: row.statusReason,
  consecutiveFailures: row.consecutiveFailures,
  pausedAt: row.pausedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

/** A delivery as callers see it. */
export const webhookDeliveryRecord = (row: WebhookDeliveryRow): WebhookDelivery => ({
  deliveryId: formatId('webhookDelivery', row.id),
  webhookEndpointId: formatId('webhookEndpoint', row.webhookEndpointId),
  eventId: formatId('event', row.eventId),
  type: row.type,
  jobId: row.jobId === null ? null : formatId('job', row.jobId),
  status: row.status,
  statusReason: row.statusReason,
  createdAt: row.createdAt.toISOString(),
  deliveredAt: row.deliveredAt?.toISOString() ?? null,
  nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
  attempts: row.attempts.map(({ at, ...attempt }) => ({ at: new Date(at).toISOString(), ...attempt })),
});

/** Where the deliveries of an endpoint are read. */
export const deliveriesLocation = (webhookEndpointId: string): string =>
  `/v1/webhook-endpoints/${formatId('webhookEndpoint', webhookEndpointId)}/deliveries`;
