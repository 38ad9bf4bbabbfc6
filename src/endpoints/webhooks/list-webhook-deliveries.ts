import { listWebhookDeliveries as deliveriesOf } from '../../db/webhook-deliveries.ts';
import { findWebhookEndpoint } from '../../db/webhook-endpoints.ts';
import { deliveryStatuses, webhookLimits } from '../../domain/webhook.ts';
import { pageOf } from '../../http/cursors.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { webhookDeliveriesQuery, webhookDeliveryPage } from '../../schemas/webhook.ts';
import type { Deps } from '../deps.ts';
import { webhookEndpointNotFound } from './refusals.ts';
import { webhookDeliveryRecord } from './webhook-record.ts';

export const listWebhookDeliveries = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/webhook-endpoints/:webhookEndpointId/deliveries',
  operationId: 'listWebhookDeliveries',
  tag: 'Webhooks',
  summary: 'List deliveries',
  description: `Gives what the endpoint was told, or is to be told, the newest first, with each attempt and what it was answered. Deliveries are
kept for ${String(webhookLimits.keptDays)} days.`,
  scope: 'webhooks:read',
  rateClass: 'read-light',
  query: webhookDeliveriesQuery,
  replies: { 200: { description: 'A page of deliveries.', schema: webhookDeliveryPage } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params, query }, { database, cursors }) {
    const { organizationId, environment } = principal;
    const { limit, cursor, status = deliveryStatuses } = query;
    const { webhookEndpointId } = params;
    const endpoint = await findWebhookEndpoint(database, { organizationId, environment, id: webhookEndpointId });
    if (endpoint === undefined) throw webhookEndpointNotFound();
    const statuses = [...new Set(status)].sort();
    const list = { of: 'webhook-deliveries', organizationId, webhookEndpointId, statuses };
    const rows = await deliveriesOf(database, {
      ...{ organizationId, webhookEndpointId, statuses },
      after: cursors.read(list, cursor),
      limit: limit + 1,
    });
    return {
      status: 200,
      body: pageOf(rows, {
        limit,
        itemOf: webhookDeliveryRecord,
        cursorOf: ({ createdAt, id }) => cursors.after(list, { at: createdAt, id }),
      }),
    };
  },
});
