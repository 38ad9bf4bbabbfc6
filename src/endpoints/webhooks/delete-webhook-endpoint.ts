import { deleteWebhookEndpoint as endEndpoint } from '../../db/webhook-endpoints.ts';
import { formatId } from '../../domain/ids.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { deletedWebhookEndpoint } from '../../schemas/webhook.ts';
import type { Deps } from '../deps.ts';
import { webhookEndpointNotFound } from './refusals.ts';

export const deleteWebhookEndpoint = defineEndpoint<Deps>()({
  method: 'delete',
  path: '/v1/webhook-endpoints/:webhookEndpointId',
  operationId: 'deleteWebhookEndpoint',
  tag: 'Webhooks',
  summary: 'Delete a webhook endpoint',
  description: `Removes the endpoint and its secrets. What is pending is not sent any more, but for an attempt that is under way; its
deliveries cannot be read any more.`,
  scope: 'webhooks:write',
  rateClass: 'write-light',
  replies: { 200: { description: 'Deleted.', schema: deletedWebhookEndpoint } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params }, { database }) {
    const { organizationId, environment } = principal;
    const id = params.webhookEndpointId;
    const deletedAt = await endEndpoint(database, { organizationId, environment, id });
    if (deletedAt === undefined) throw webhookEndpointNotFound();
    return {
      status: 200,
      body: { webhookEndpointId: formatId('webhookEndpoint', id), deletedAt: deletedAt.toISOString() },
    };
  },
});
