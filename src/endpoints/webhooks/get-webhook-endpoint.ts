import { findWebhookEndpoint } from '../../db/webhook-endpoints.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { webhookEndpoint } from '../../schemas/webhook.ts';
import type { Deps } from '../deps.ts';
import { webhookEndpointNotFound } from './refusals.ts';
import { webhookEndpointRecord } from './webhook-record.ts';

export const getWebhookEndpoint = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/webhook-endpoints/:webhookEndpointId',
  operationId: 'getWebhookEndpoint',
  tag: 'Webhooks',
  summary: 'Read a webhook endpoint',
  description: 'Gives the endpoint, with how it fares: whether it is paused, and why.',
  scope: 'webhooks:read',
  rateClass: 'read-light',
  replies: { 200: { description: 'The endpoint.', schema: webhookEndpoint } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params }, { database }) {
    const { organizationId, environment } = principal;
    const row = await findWebhookEndpoint(database, { organizationId, environment, id: params.webhookEndpointId });
    if (row === undefined) throw webhookEndpointNotFound();
    return { status: 200, body: webhookEndpointRecord(row) };
  },
});
