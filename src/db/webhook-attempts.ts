// An attempt is two transactions around the request: one looks whether there is anything to send, one records what came of it.
// Both lock the endpoint before the delivery, as whoever enables an endpoint does.

import type { JobEventRow } from '../domain/job-event.ts';
import {
  webhookLimits,
  type AttemptError,
  type AttemptOutcome,
  type DeliveryRun,
  type DeliveryType,
} from '../domain/webhook.ts';
import {
  lockAttemptedDelivery,
  lockAttemptedEndpoint,
  type AttemptedEndpoint,
  type DeliveryAttempt,
} from './attempt-locks.ts';
import { deliver, fail, hold, outcomeOf, retry } from './attempt-outcomes.ts';
import { query, type Trx } from './database.ts';
import { failHeldDeliveries } from './held-deliveries.ts';

/** What is to be sent: always the same of one delivery, but for the secrets. */
export interface DeliveryOrder {
  url: string;
  /** Those that sign now, the newest first. */
  secrets: Buffer[];
  eventId: string;
  type: DeliveryType;
  webhookEndpointId: string;
  /** Of the endpoint: the answer is about that one. */
  generation: number;
  createdAt: Date;
  /** When this attempt began, by the clock of Postgres: receivers refuse what seems old or not of this time. */
  attemptedAt: Date;
  /** Null for a test. */
  event: (JobEventRow & { projectId: string; influencerId: string }) | null;
}

/** Gives what an attempt has to send, or what became of the delivery without it. */
export async function beginAttempt(trx: Trx, attempt: DeliveryAttempt): Promise<AttemptOutcome | DeliveryOrder> {
  const endpoint = await lockAttemptedEndpoint(trx, attempt.deliveryId, 'key share');
  const delivery = endpoint && (await lockAttemptedDelivery(trx, attempt));
  if (endpoint === undefined || delivery === undefined) return { ended: 'superseded' };
  if (delivery.isRecorded) return outcomeOf(delivery, attempt);
  if (delivery.run !== attempt.run || delivery.status !== 'pending') return { ended: 'superseded' };
  if (endpoint.isDeleted) return fail(trx, attempt, 'endpoint_deleted');
  if (endpoint.status === 'disabled') return fail(trx, attempt, 'endpoint_disabled');
  if (endpoint.status === 'paused') return hold(trx, attempt);
  const event = delivery.type === 'webhook.test' ? null : await findEvent(trx, attempt);
  if (event === undefined) return fail(trx, attempt, 'event_forgotten');
  const { url, secrets, generation, id: webhookEndpointId } = endpoint;
  const { eventId, type, createdAt, attemptedAt } = delivery;
  return { url, secrets, generation, webhookEndpointId, eventId, type, createdAt, attemptedAt, event };
}

async function findEvent(
  trx: Trx,
  { deliveryId }: DeliveryRun,
): Promise<NonNullable<DeliveryOrder['event']> | undefined> {
  const rows = await query<NonNullable<DeliveryOrder['event']>>(
    trx,
    `select e.job_id as "jobId", e.seq, e.type, e.at, e.status, e.stage, e.progress, e.attempt, e.shot,
            e.asset_id as "assetId", e.error, j.project_id as "projectId", j.influencer_id as "influencerId"
     from webhook_deliveries d
     join job_events e on e.organization_id = d.organization_id and e.job_id = d.job_id and e.seq = d.seq
     join jobs j on j.organization_id = d.organization_id and j.id = d.job_id
     where d.id = :deliveryId`,
    { deliveryId },
  );
  return rows[0];
}

/** What a receiver answered, or why it did not. */
export interface Answer {
  at: Date;
  durationMs: number;
  statusCode: number | null;
  error: AttemptError | null;
  responseExcerpt: string | null;
}

/**
 * Records an attempt and what becomes of its delivery and endpoint: a success delivers it, whichever run it was of; a 410 disables
 * the endpoint; too many failures in a row pause it. Where a caller has set URL or status since it began, it says nothing of the
 * endpoint. Without `retryInMs` it was the last one. Recording again changes nothing.
 */
export async function recordAttempt(
  trx: Trx,
  attempt: DeliveryAttempt & Pick<DeliveryOrder, 'generation'>,
  answer: Answer,
  retryInMs: number | null,
): Promise<AttemptOutcome> {
  // A 410 fails what is held: who holds a delivery just now is waited for.
  const endpoint = await lockAttemptedEndpoint(
    trx,
    attempt.deliveryId,
    answer.statusCode === 410 ? 'update' : 'no key update',
  );
  const delivery = endpoint && (await lockAttemptedDelivery(trx, attempt));
  if (endpoint === undefined || delivery === undefined) return { ended: 'superseded' };
  if (delivery.isRecorded) return outcomeOf(delivery, attempt);
  await insertAttempt(trx, endpoint.organizationId, attempt, answer);

  const isDelivered = answer.statusCode !== null && answer.statusCode >= 200 && answer.statusCode < 300;
  const isAboutEndpoint = attempt.generation === endpoint.generation;
  if (isAboutEndpoint && isDelivered) await countSuccess(trx, endpoint);
  const isPaused =
    isAboutEndpoint && !isDelivered ? await countFailure(trx, endpoint, answer) : endpoint.status === 'paused';
  if (delivery.status !== 'pending') return { ended: 'superseded' };
  if (isDelivered) return deliver(trx, attempt);
  if (delivery.run !== attempt.run) return { ended: 'superseded' };
  if (isAboutEndpoint && answer.statusCode === 410) return fail(trx, attempt, 'gone_410');
  if (retryInMs === null) return fail(trx, attempt, 'exhausted');
  return isPaused ? hold(trx, attempt) : retry(trx, attempt, retryInMs);
}

async function insertAttempt(trx: Trx, organizationId: string, attempt: DeliveryAttempt, answer: Answer) {
  await query(
    trx,
    `insert into webhook_attempts (organization_id, delivery_id, run, attempt, at, duration_ms, status_code, error, response_excerpt)
     values (:organizationId, :deliveryId, :run, :attempt, :at, :durationMs, :statusCode, :error, :responseExcerpt)`,
    { organizationId, ...attempt, ...answer },
  );
}

async function countSuccess(trx: Trx, { organizationId, id, consecutiveFailures }: AttemptedEndpoint): Promise<void> {
  if (consecutiveFailures === 0) return;
  await query(
    trx,
    'update webhook_endpoints set consecutive_failures = 0 where organization_id = :organizationId and id = :id',
    { organizationId, id },
  );
}

/** Gives whether the endpoint is paused then. */
async function countFailure(trx: Trx, endpoint: AttemptedEndpoint, { statusCode }: Answer): Promise<boolean> {
  const { organizationId, id, status, isDeleted } = endpoint;
  if (isDeleted || status === 'disabled') return false;
  const failures = endpoint.consecutiveFailures + 1;
  const isPausedNow = status === 'enabled' && failures >= webhookLimits.failuresInARow;
  const change =
    statusCode === 410
      ? `, status = 'disabled', status_reason = 'gone_410', paused_at = null, updated_at = now()`
      : isPausedNow
        ? `, status = 'paused', status_reason = 'failures', paused_at = now(), updated_at = now()`
        : '';
  await query(
    trx,
    `update webhook_endpoints set consecutive_failures = :failures ${change}
     where organization_id = :organizationId and id = :id`,
    { organizationId, id, failures },
  );
  if (statusCode === 410) await failHeldDeliveries(trx, endpoint, 'gone_410');
  return status === 'paused' || isPausedNow;
}
