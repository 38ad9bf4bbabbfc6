import { rotateWebhookSecret as changeSecret } from '../../db/webhook-endpoints.ts';
import { webhookLimits } from '../../domain/webhook.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { webhookEndpointWithSecret } from '../../schemas/webhook.ts';
import { makeWebhookSecret, webhookSecretText } from '../../webhooks/webhook-secret.ts';
import type { Deps } from '../deps.ts';
import { webhookEndpointNotFound } from './refusals.ts';
import { webhookEndpointRecord } from './webhook-record.ts';

export const rotateWebhookSecret = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/webhook-endpoints/:webhookEndpointId/rotate-secret',
  operationId: 'rotateWebhookSecret',
  tag: 'Webhooks',
  summary: 'Rotate the secret of a webhook endpoint',
  description: `Gives the endpoint another secret, shown this once. The old one signs beside it for ${String(webhookLimits.secretOverlapHours)} hours, so that a receiver
which has either verifies. Rotating again meanwhile drops the older of the two: do it twice when a secret has leaked.`,
  scope: 'webhooks:write',
  rateClass: 'write-light',
  replies: { 200: { description: 'The endpoint, with its new secret.', schema: webhookEndpointWithSecret } },
  errors: ['NOT_FOUND'],
  secret: 'secret',
  async handle({ principal, params }, { database }) {
    const { organizationId, environment } = principal;
    const secret = makeWebhookSecret();
    const endpoint = { organizationId, environment, id: params.webhookEndpointId, secret };
    const row = await changeSecret(database, endpoint);
    if (row === undefined) throw webhookEndpointNotFound();
    return { status: 200, body: { ...webhookEndpointRecord(row), secret: webhookSecretText(secret) } };
  },
});
