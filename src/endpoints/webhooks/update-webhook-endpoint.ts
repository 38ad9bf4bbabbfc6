import { invalid } from '../../domain/errors.ts';
import { updateWebhookEndpoint as changeEndpoint } from '../../db/webhook-endpoints.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { updateWebhookEndpointBody, webhookEndpoint } from '../../schemas/webhook.ts';
import type { Deps } from '../deps.ts';
import { urlIssues, webhookEndpointNotFound } from './refusals.ts';
import { webhookEndpointRecord } from './webhook-record.ts';

export const updateWebhookEndpoint = defineEndpoint<Deps>()({
  method: 'patch',
  path: '/v1/webhook-endpoints/:webhookEndpointId',
  operationId: 'updateWebhookEndpoint',
  tag: 'Webhooks',
  summary: 'Change a webhook endpoint',
  description: `Changes the fields that you send, at least one. Another \`url\` counts from the next attempt on, also for what is under way.
\`status: "enabled"\` ends a pause, or a disabling by you or by a 410: what was held is sent, and failures are counted from zero.
\`status: "disabled"\` fails what is held, and what is pending at its next attempt. The first thousand of what was held are released or
failed at once, more within a minute or so.`,
  scope: 'webhooks:write',
  rateClass: 'write-light',
  body: updateWebhookEndpointBody,
  replies: { 200: { description: 'The endpoint as it is now.', schema: webhookEndpoint } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params, body }, { database, webhookUrlFault }) {
    const { organizationId, environment } = principal;
    const issues = urlIssues(body.url, webhookUrlFault);
    if (issues.length > 0) throw invalid(issues);
    const row = await changeEndpoint(database, { organizationId, environment, id: params.webhookEndpointId }, body);
    if (row === undefined) throw webhookEndpointNotFound();
    return { status: 200, body: webhookEndpointRecord(row) };
  },
});
