import Type, { type Static } from 'typebox';
import {
  attemptErrors,
  deliveryFailures,
  deliveryStatuses,
  deliveryTypes,
  webhookEndpointStatuses,
  webhookEvents,
  webhookLimits,
  webhookStatusReasons,
} from '../domain/webhook.ts';
import { pageOf, pageQuery } from './list.ts';
import { eachClearable, idInput, idOutput, nullable, strict, text, time } from './text.ts';

const webhookEndpointId = idOutput('whe_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The endpoint.');
const projectIdExample = 'prj_01JMB9G3W6X5Q2R8T4V7Y0Z1AB';
const urlExample = 'https://hooks.example.com/doppel';

const url = text(
  webhookLimits.url,
  `Where webhooks are posted to: https, without user information and fragment, to a host of the internet, without a dot at its end. Private and reserved
addresses are refused here, and, where a name leads to one, at each attempt.`,
  { minLength: 1, examples: [urlExample] },
);
// Typed, as the scopes of an API key are.
const events = Type.Array(Type.Enum([...webhookEvents], { type: 'string' }), {
  minItems: 1,
  maxItems: webhookEvents.length,
  uniqueItems: true,
  description:
    '`job.progress` tells every step and every image of a job; `influencer.ready` comes with `job.completed`, under an id of its own.',
  examples: [['job.completed', 'job.failed']],
});
const description = text(webhookLimits.description, 'What it is for, in your words.', { examples: ['Billing'] });

export const createWebhookEndpointBody = Type.Object(
  {
    url,
    events,
    description: Type.Optional(description),
    projectId: Type.Optional(idInput('project', 'Only what happens in this project; left out: in all of them.')),
  },
  {
    ...strict,
    title: 'CreateWebhookEndpoint',
    examples: [{ url: urlExample, events: ['job.completed', 'job.failed'] }],
  },
);

export const updateWebhookEndpointBody = Type.Object(
  {
    url: Type.Optional(url),
    events: Type.Optional(events),
    ...eachClearable({ description }),
    status: Type.Optional(
      Type.Enum(['enabled', 'disabled'], {
        description:
          '`enabled` also ends a pause: what was held is sent then. While it is `disabled`, what happens is not kept for it.',
      }),
    ),
  },
  { ...strict, minProperties: 1, title: 'UpdateWebhookEndpoint', examples: [{ description: 'Billing' }] },
);

export const webhookEndpoint = Type.Object(
  {
    webhookEndpointId,
    url: Type.String({ description: 'Where webhooks are posted to.', examples: [urlExample] }),
    events: Type.Array(Type.Enum([...webhookEvents]), { description: 'What it is told.' }),
    description: nullable(Type.String({ description: 'What it is for.' })),
    projectId: nullable(idOutput(projectIdExample, 'Whose events it is told; null: those of all projects.')),
    status: Type.Enum([...webhookEndpointStatuses], {
      description: `\`paused\`: deliveries are held until it is enabled. \`disabled\`: it is told nothing.`,
    }),
    statusReason: nullable(
      Type.Enum([...webhookStatusReasons], {
        description: `Why it is not enabled: you disabled it, it answered 410, or it failed ${String(webhookLimits.failuresInARow)} times in a row; null when it is.`,
      }),
    ),
    consecutiveFailures: Type.Integer({ minimum: 0, description: 'Attempts that failed since the last success.' }),
    pausedAt: nullable(time('When it was paused; null when it is not.')),
    createdAt: time('When it was made.'),
    updatedAt: time('When it last changed, by you or by what it answered.'),
  },
  { ...strict, title: 'WebhookEndpoint' },
);
export type WebhookEndpoint = Static<typeof webhookEndpoint>;

export const webhookEndpointWithSecret = Type.Object(
  {
    ...webhookEndpoint.properties,
    secret: nullable(
      Type.String({
        description: `Verifies the signatures. Shown this once: null where the answer is repeated for an Idempotency-Key; then rotate it.`,
        examples: ['whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='],
      }),
    ),
  },
  { ...strict, title: 'WebhookEndpointWithSecret' },
);

export const deletedWebhookEndpoint = Type.Object(
  { webhookEndpointId, deletedAt: time('When it was deleted.') },
  { ...strict, title: 'DeletedWebhookEndpoint' },
);

export const webhookEndpointsQuery = Type.Object(pageQuery(100), strict);
export const webhookEndpointPage = pageOf(webhookEndpoint, 'WebhookEndpointPage');

const attempt = Type.Object(
  {
    at: time('When it began.'),
    durationMs: Type.Integer({ minimum: 0, description: 'How long it took.' }),
    statusCode: nullable(Type.Integer({ description: 'What was answered; null without an answer.' })),
    error: nullable(
      Type.Enum([...attemptErrors], {
        description:
          'Why there was no answer. `dns`: no address of the host was found. `address_not_allowed`: it leads to a private or reserved one.',
      }),
    ),
    responseExcerpt: nullable(
      Type.String({
        maxLength: webhookLimits.responseExcerpt,
        description: 'How the body of the answer began; null when it was empty.',
      }),
    ),
  },
  { ...strict, title: 'WebhookAttempt' },
);

export const webhookDelivery = Type.Object(
  {
    deliveryId: idOutput('whd_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The delivery.'),
    webhookEndpointId,
    eventId: idOutput('evt_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The `webhook-id`: the same at every attempt and redelivery.'),
    type: Type.Enum([...deliveryTypes], { description: 'What is told.' }),
    jobId: nullable(idOutput('job_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'Whose event it is; null for a test.')),
    status: Type.Enum([...deliveryStatuses], {
      description: '`held`: its endpoint is paused, and it is sent once that is enabled.',
    }),
    statusReason: nullable(
      Type.Enum([...deliveryFailures], {
        description:
          'Why it failed: `exhausted` after the last attempt, or where it was lost again and again; null where it did not.',
      }),
    ),
    createdAt: time('When it happened.'),
    deliveredAt: nullable(time('When it was answered with a 2xx.')),
    nextAttemptAt: nullable(time('When the next attempt is due; null when there is none.')),
    attempts: Type.Array(attempt, {
      description: `The newest ${String(webhookLimits.shownAttempts)} attempts, the oldest of them first.`,
    }),
  },
  { ...strict, title: 'WebhookDelivery' },
);
export type WebhookDelivery = Static<typeof webhookDelivery>;

export const webhookDeliveriesQuery = Type.Object(
  {
    ...pageQuery(100),
    status: Type.Optional(
      Type.Array(Type.Enum([...deliveryStatuses]), {
        maxItems: deliveryStatuses.length,
        description: 'Only deliveries with this status; may be repeated. Left out: all.',
      }),
    ),
  },
  strict,
);
export const webhookDeliveryPage = pageOf(webhookDelivery, 'WebhookDeliveryPage');
