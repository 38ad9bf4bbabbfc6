import { dispatchOf, insertTestDelivery } from '../../db/webhook-deliveries.ts';
import { holdWebhookEndpoint } from '../../db/webhook-endpoints.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { webhookDelivery } from '../../schemas/webhook.ts';
import type { Deps } from '../deps.ts';
import { requireEnabled, webhookEndpointNotFound } from './refusals.ts';
import { deliveriesLocation, webhookDeliveryRecord } from './webhook-record.ts';

export const testWebhookEndpoint = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/webhook-endpoints/:webhookEndpointId/test',
  operationId: 'testWebhookEndpoint',
  tag: 'Webhooks',
  summary: 'Try a webhook endpoint',
  description: `Sends \`{ type: "webhook.test", timestamp, data: { webhookEndpointId } }\` as every webhook is sent: signed, and tried again when
it fails, which counts like any failure. What is answered can be read in the endpoint's deliveries, at the \`Location\`. An endpoint
that is not enabled is \`CONFLICT\`.`,
  scope: 'webhooks:write',
  rateClass: 'write-light',
  replies: { 202: { description: 'The delivery, which is under way.', schema: webhookDelivery } },
  errors: ['NOT_FOUND', 'CONFLICT'],
  async handle({ principal, params }, { database, newId, dispatcher }) {
    const { organizationId, environment } = principal;
    const id = params.webhookEndpointId;
    const endpoint = await holdWebhookEndpoint(database, { organizationId, environment, id });
    if (endpoint === undefined) throw webhookEndpointNotFound();
    requireEnabled(endpoint);
    const delivery = { organizationId, id: newId(), webhookEndpointId: id, eventId: newId() };
    const row = await insertTestDelivery(database, delivery);
    return {
      status: 202,
      body: webhookDeliveryRecord(row),
      location: deliveriesLocation(id),
      afterCommit: () => {
        dispatcher.deliveries.offer(dispatchOf(row));
      },
    };
  },
});
