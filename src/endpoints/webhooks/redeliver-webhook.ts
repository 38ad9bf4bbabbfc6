import {
  dispatchOf,
  findEndpointOfDelivery,
  lockWebhookDelivery,
  redeliverWebhook as beginAnew,
} from '../../db/webhook-deliveries.ts';
import { holdWebhookEndpoint } from '../../db/webhook-endpoints.ts';
import { ApiError } from '../../domain/errors.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { webhookDelivery } from '../../schemas/webhook.ts';
import type { Deps } from '../deps.ts';
import { requireEnabled, webhookDeliveryNotFound } from './refusals.ts';
import { deliveriesLocation, webhookDeliveryRecord } from './webhook-record.ts';

export const redeliverWebhook = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/webhook-deliveries/:webhookDeliveryId/redeliver',
  operationId: 'redeliverWebhook',
  tag: 'Webhooks',
  summary: 'Deliver a webhook again',
  description: `Sends it again, delivered or failed, with the same \`webhook-id\` and body, on a schedule that begins anew. \`CONFLICT\`: one that is
pending, one whose endpoint is not enabled, and one whose event is forgotten.`,
  scope: 'webhooks:write',
  rateClass: 'write-light',
  replies: { 202: { description: 'The delivery, which is under way again.', schema: webhookDelivery } },
  errors: ['NOT_FOUND', 'CONFLICT'],
  async handle({ principal, params }, { database, dispatcher }) {
    const { organizationId, environment } = principal;
    const owned = { organizationId, environment, id: params.webhookDeliveryId };
    const endpointId = await findEndpointOfDelivery(database, owned);
    // The endpoint before the delivery, as the attempts lock them.
    const endpoint = endpointId && (await holdWebhookEndpoint(database, { ...owned, id: endpointId }));
    const delivery = endpoint && (await lockWebhookDelivery(database, owned));
    if (!endpoint || !delivery) throw webhookDeliveryNotFound();
    if (delivery.status === 'pending') throw new ApiError('CONFLICT', 'The delivery is under way.');
    requireEnabled(endpoint);
    if (!delivery.hasEvent) throw new ApiError('CONFLICT', 'The event of the delivery is forgotten.');
    const row = await beginAnew(database, owned);
    return {
      status: 202,
      body: webhookDeliveryRecord(row),
      location: deliveriesLocation(row.webhookEndpointId),
      afterCommit: () => {
        dispatcher.deliveries.offer(dispatchOf(row));
      },
    };
  },
});
