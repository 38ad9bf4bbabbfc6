// Webhook endpoints and deliveries as tests need them, with everything filled in that a test does not care about.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import type { DeliveryDispatch } from '../../src/db/delivery-dispatch.ts';
import type {
  AttemptError,
  DeliveryFailure,
  DeliveryStatus,
  DeliveryType,
  WebhookEndpointStatus,
  WebhookEvent,
  WebhookStatusReason,
} from '../../src/domain/webhook.ts';
import type { Environment } from '../../src/domain/influencer.ts';
import type { Dial } from '../../src/webhooks/guarded-dialler.ts';
import type { Resolve } from '../../src/webhooks/system-resolve.ts';
import type { Home } from './jobs.ts';

/** Where nothing is: the block for documentation ([RFC 2606](https://www.rfc-editor.org/rfc/rfc2606)). */
export const exampleUrl = 'https://hooks.example.com/doppel';

export interface TestEndpoint {
  organizationId: string;
  id: string;
  secret: Buffer;
}

interface EndpointWishes {
  url?: string;
  events?: readonly WebhookEvent[];
  status?: WebhookEndpointStatus;
  environment?: Environment;
  /** Null: of all projects. */
  projectId?: string | null;
}

/** Stores an endpoint of an organization. */
export async function insertEndpoint(
  database: Knex,
  { organizationId }: Pick<Home, 'organizationId'>,
  {
    url = exampleUrl,
    events = ['job.completed'],
    status = 'enabled',
    environment = 'live',
    projectId,
  }: EndpointWishes = {},
): Promise<TestEndpoint> {
  const endpoint = { organizationId, id: newId(), secret: randomBytes(32) };
  await database('webhook_endpoints').insert({
    organization_id: organizationId,
    id: endpoint.id,
    environment,
    project_id: projectId ?? null,
    url,
    events: [...events],
    status,
    status_reason: { enabled: null, disabled: 'by_caller', paused: 'failures' }[status],
    paused_at: status === 'paused' ? new Date() : null,
    secret: endpoint.secret,
  });
  return endpoint;
}

/** Stores a delivery of a test webhook, which nobody has claimed. */
export async function insertDelivery(
  database: Knex,
  endpoint: Pick<TestEndpoint, 'organizationId' | 'id'>,
  status: DeliveryStatus = 'pending',
): Promise<DeliveryDispatch> {
  const id = newId();
  await database('webhook_deliveries').insert({
    organization_id: endpoint.organizationId,
    id,
    webhook_endpoint_id: endpoint.id,
    event_id: newId(),
    type: 'webhook.test',
    status,
    status_reason: status === 'failed' ? 'exhausted' : null,
    delivered_at: status === 'delivered' ? new Date() : null,
    next_attempt_at: status === 'pending' ? new Date() : null,
  });
  return {
    deliveryId: id,
    run: 1,
    organizationId: endpoint.organizationId,
    webhookEndpointId: endpoint.id,
    type: 'webhook.test',
  };
}

/** Stores many deliveries at once, of test webhooks. */
export async function insertDeliveries(
  database: Knex,
  { organizationId, id }: Pick<TestEndpoint, 'organizationId' | 'id'>,
  count: number,
  status: 'pending' | 'held',
): Promise<void> {
  await database.raw(
    `insert into webhook_deliveries (organization_id, id, webhook_endpoint_id, event_id, type, status, next_attempt_at)
     select :organizationId, gen_random_uuid(), :id, gen_random_uuid(), 'webhook.test', :status,
            case when :status = 'pending' then now() end
     from generate_series(1, :count)`,
    { organizationId, id, count, status },
  );
}

interface StoredDelivery {
  id: string;
  eventId: string;
  type: DeliveryType;
  jobId: string | null;
  seq: number | null;
  status: DeliveryStatus;
  statusReason: DeliveryFailure | null;
  run: number;
  nextAttemptAt: Date | null;
  dispatchedAt: Date | null;
}

/** The deliveries of an endpoint, the oldest first. */
export async function deliveriesOf(
  database: Knex,
  { organizationId, id }: Pick<TestEndpoint, 'organizationId' | 'id'>,
) {
  const { rows } = await database.raw<{ rows: StoredDelivery[] }>(
    `select id, event_id as "eventId", type, job_id as "jobId", seq, status, status_reason as "statusReason", run,
            next_attempt_at as "nextAttemptAt", dispatched_at as "dispatchedAt"
     from webhook_deliveries where organization_id = :organizationId and webhook_endpoint_id = :id order by seq, type, id`,
    { organizationId, id },
  );
  return rows;
}

/** The one delivery of an endpoint that has one. */
export async function deliveryOf(database: Knex, endpoint: Pick<TestEndpoint, 'organizationId' | 'id'>) {
  const [delivery, ...others] = await deliveriesOf(database, endpoint);
  assert.ok(delivery !== undefined && others.length === 0);
  return delivery;
}

interface StoredEndpoint {
  status: WebhookEndpointStatus;
  statusReason: WebhookStatusReason | null;
  consecutiveFailures: number;
}

export async function endpointOf(database: Knex, { id }: Pick<TestEndpoint, 'id'>): Promise<StoredEndpoint> {
  const { rows } = await database.raw<{ rows: StoredEndpoint[] }>(
    `select status, status_reason as "statusReason", consecutive_failures as "consecutiveFailures"
     from webhook_endpoints where id = :id`,
    { id },
  );
  return rows[0] ?? assert.fail('there is no such endpoint');
}

interface StoredAttempt {
  run: number;
  attempt: number;
  statusCode: number | null;
  error: AttemptError | null;
}

export async function attemptsOf(database: Knex, { deliveryId }: Pick<DeliveryDispatch, 'deliveryId'>) {
  const { rows } = await database.raw<{ rows: StoredAttempt[] }>(
    `select run, attempt, status_code as "statusCode", error
     from webhook_attempts where delivery_id = :deliveryId order by run, attempt`,
    { deliveryId },
  );
  return rows;
}

/** A network of names, in which nothing is dialled: what was asked for is noted. */
export function noNetwork(...answers: (readonly string[])[]): {
  resolve: Resolve;
  dial: Dial;
  asked: string[];
  dialled: string[];
} {
  const asked: string[] = [];
  const dialled: string[] = [];
  return {
    asked,
    dialled,
    resolve: (host) => {
      asked.push(host);
      return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1] ?? []);
    },
    dial: ({ hostname }, callback) => {
      dialled.push(hostname);
      callback(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), null);
    },
  };
}
