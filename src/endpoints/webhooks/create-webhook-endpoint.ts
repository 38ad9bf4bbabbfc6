import { findProject } from '../../db/projects.ts';
import { insertWebhookEndpoint } from '../../db/webhook-endpoints.ts';
import { ApiError, invalid } from '../../domain/errors.ts';
import { formatId, parseId } from '../../domain/ids.ts';
import { webhookLimits } from '../../domain/webhook.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { createWebhookEndpointBody, webhookEndpointWithSecret } from '../../schemas/webhook.ts';
import { makeWebhookSecret, webhookSecretText } from '../../webhooks/webhook-secret.ts';
import type { Deps } from '../deps.ts';
import { urlIssues } from './refusals.ts';
import { webhookEndpointRecord } from './webhook-record.ts';

export const createWebhookEndpoint = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/webhook-endpoints',
  operationId: 'createWebhookEndpoint',
  tag: 'Webhooks',
  summary: 'Make a webhook endpoint',
  description: `Has what happens in your key's environment posted to a URL, from now on, as
[Standard Webhooks](https://www.standardwebhooks.com) say: a body \`{ type, timestamp, data }\`, whose \`data\` is the job's event as its
stream tells it, with \`projectId\` and \`influencerId\`. (In \`influencer.ready\` it is the event that completed the job.)

*Verify* each request with a library of Standard Webhooks and the \`secret\` that is shown this once: \`webhook-signature\` has, for each
secret that signs, \`v1,\` and the base64 of an HMAC-SHA-256 over \`webhook-id\`, \`webhook-timestamp\` and the bytes of the body, with dots
between them.

*Answer* with a 2xx within 15 s; everything else is a failure, redirects too. A failed attempt is made again after 5 s, 5 and 30
min, 2, 5, 10, 14, 20 and 24 h, a tenth more or less, or later where \`Retry-After\` says so, up to a day. 410 disables the endpoint.
After ${String(webhookLimits.failuresInARow)} failures in a row it is paused: what happens then is held, for ${String(webhookLimits.keptDays)} days, and sent once you
enable it.

*Deduplicate* by \`webhook-id\`: a webhook may come twice, always with the same id and body, and in any order; \`data.seq\` is a job's own
order. At most ${String(webhookLimits.endpoints)} endpoints of an environment; more is \`CONFLICT\`.`,
  scope: 'webhooks:write',
  rateClass: 'write-light',
  body: createWebhookEndpointBody,
  replies: {
    201: { description: 'The endpoint, with its secret.', schema: webhookEndpointWithSecret, hasLocation: true },
  },
  errors: ['CONFLICT'],
  secret: 'secret',
  async handle({ principal, body }, { database, newId, webhookUrlFault }) {
    const { organizationId, environment } = principal;
    const projectId = body.projectId === undefined ? null : parseId('project', body.projectId);
    const project = projectId && (await findProject(database, { organizationId, environment, id: projectId }));
    const issues = urlIssues(body.url, webhookUrlFault);
    if (project === undefined) {
      issues.push({ path: 'body.projectId', message: 'is no project of this environment', keyword: 'project' });
    }
    if (issues.length > 0) throw invalid(issues);
    const secret = makeWebhookSecret();
    const row = await insertWebhookEndpoint(database, {
      ...{ organizationId, environment, id: newId(), projectId, secret },
      ...{ url: body.url, events: body.events, description: body.description ?? null },
    });
    if (row === undefined) {
      const message = `An organization has at most ${String(webhookLimits.endpoints)} webhook endpoints in an environment.`;
      throw new ApiError('CONFLICT', message, { details: { limit: 'webhook_endpoints' } });
    }
    return {
      status: 201,
      body: { ...webhookEndpointRecord(row), secret: webhookSecretText(secret) },
      location: `/v1/webhook-endpoints/${formatId('webhookEndpoint', row.id)}`,
    };
  },
});
