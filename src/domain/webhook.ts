// Webhooks as callers see them, and how patient they are: https://github.com/standard-webhooks/standard-webhooks.

/** What an endpoint may subscribe to. */
export const webhookEvents = [
  'job.completed',
  'job.failed',
  'job.canceled',
  'job.progress',
  'influencer.ready',
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** What is delivered: the events, and what a caller sends to try an endpoint. */
export const deliveryTypes = [...webhookEvents, 'webhook.test'] as const;
export type DeliveryType = (typeof deliveryTypes)[number];

export const webhookEndpointStatuses = ['enabled', 'disabled', 'paused'] as const;
export type WebhookEndpointStatus = (typeof webhookEndpointStatuses)[number];

/** Why an endpoint is not enabled. */
export const webhookStatusReasons = ['by_caller', 'gone_410', 'failures'] as const;
export type WebhookStatusReason = (typeof webhookStatusReasons)[number];

export const deliveryStatuses = ['pending', 'delivered', 'failed', 'held'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** Why a delivery failed. */
export const deliveryFailures = [
  'exhausted',
  'gone_410',
  'endpoint_disabled',
  'endpoint_deleted',
  'event_forgotten',
] as const;
export type DeliveryFailure = (typeof deliveryFailures)[number];

/** Why an attempt got no answer, in words that tell nothing of the network that it was sent from. */
export const attemptErrors = [
  'address_not_allowed',
  'dns',
  'connection_refused',
  'connection_lost',
  'unreachable',
  'timeout',
  'tls',
  'bad_response',
  'other',
] as const;
export type AttemptError = (typeof attemptErrors)[number];

/** Limits; texts are counted in Unicode code points. */
export const webhookLimits = {
  /** Of one organization and environment. */
  endpoints: 50,
  url: 2_048,
  description: 256,
  responseExcerpt: 1_024,
  /** How many attempts a delivery shows, the newest. */
  shownAttempts: 20,
  /** After so many failures in a row an endpoint is paused. */
  failuresInARow: 20,
  secretOverlapHours: 24,
  keptDays: 30,
} as const;

/** One run of a delivery: what its workflow is told. Everything else it reads from Postgres. */
export interface DeliveryRun {
  deliveryId: string;
  /** Rises with each redelivery, so that a workflow of an older run does nothing more. */
  run: number;
}

/** What became of an attempt: the run has ended, or there is another one in so many ms. */
export type AttemptOutcome =
  { ended: 'delivered' | 'failed' | 'held' | 'superseded' } | { ended: null; retryInMs: number };
