import { listWebhookEndpoints as endpointsOf } from '../../db/webhook-endpoints.ts';
import { pageOf } from '../../http/cursors.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { webhookEndpointPage, webhookEndpointsQuery } from '../../schemas/webhook.ts';
import type { Deps } from '../deps.ts';
import { webhookEndpointRecord } from './webhook-record.ts';

export const listWebhookEndpoints = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/webhook-endpoints',
  operationId: 'listWebhookEndpoints',
  tag: 'Webhooks',
  summary: 'List webhook endpoints',
  description: `Gives the endpoints of your key's environment, the newest first. Secrets are never shown.`,
  scope: 'webhooks:read',
  rateClass: 'read-light',
  query: webhookEndpointsQuery,
  replies: { 200: { description: 'A page of endpoints.', schema: webhookEndpointPage } },
  errors: [],
  async handle({ principal, query: { limit, cursor } }, { database, cursors }) {
    const { organizationId, environment } = principal;
    const list = { of: 'webhook-endpoints', organizationId, environment };
    const rows = await endpointsOf(database, {
      ...{ organizationId, environment },
      after: cursors.read(list, cursor),
      limit: limit + 1,
    });
    return {
      status: 200,
      body: pageOf(rows, {
        limit,
        itemOf: webhookEndpointRecord,
        cursorOf: ({ createdAt, id }) => cursors.after(list, { at: createdAt, id }),
      }),
    };
  },
});
