import { cancellationSignal, sleep } from '@temporalio/activity';
import type { Knex } from 'knex';
import type { DeliveryAttempt } from '../../src/db/attempt-locks.ts';
import { isUnavailable } from '../../src/db/database.ts';
import { beginAttempt, recordAttempt } from '../../src/db/webhook-attempts.ts';
import { formatId } from '../../src/domain/ids.ts';
import type { AttemptOutcome } from '../../src/domain/webhook.ts';
import { webhookAttempts } from '../../src/metrics/metrics.ts';
import type { SendWebhook } from '../../src/webhooks/send-webhook.ts';
import { webhookBody } from '../../src/webhooks/webhook-body.ts';

/** How often an answer is recorded again where Postgres cannot: without it the webhook is sent again. */
const recordAgainMs = [500, 1_000];

interface AttemptDeps {
  database: Knex;
  sendWebhook: SendWebhook;
}

/**
 * Makes one attempt to deliver a webhook, and records it; `retryInMs` is when the next one is due, null when there is none. Safe to
 * repeat: what is recorded is not sent again. If a worker dies or Postgres goes in between, it is sent twice, with the same id and body.
 */
export const attemptDelivery =
  ({ database, sendWebhook }: AttemptDeps) =>
  async ({ retryInMs, ...attempt }: DeliveryAttempt & { retryInMs: number | null }): Promise<AttemptOutcome> => {
    const order = await database.transaction((trx) => beginAttempt(trx, attempt));
    if ('ended' in order) return order;
    const webhook = {
      id: formatId('event', order.eventId),
      url: order.url,
      at: order.attemptedAt,
      secrets: order.secrets,
      body: webhookBody(order),
    };
    // A worker that stops gives it up, and another one makes it again.
    const { retryAfterMs, ...answer } = await sendWebhook(webhook, cancellationSignal());
    webhookAttempts.inc({ outcome: answer.error ?? `${String(answer.statusCode).charAt(0)}xx` });
    const nextInMs = retryInMs === null ? null : Math.max(retryInMs, retryAfterMs ?? 0);
    const told = { ...attempt, generation: order.generation };
    for (const againInMs of recordAgainMs) {
      try {
        return await database.transaction((trx) => recordAttempt(trx, told, answer, nextInMs));
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        await sleep(againInMs);
      }
    }
    return database.transaction((trx) => recordAttempt(trx, told, answer, nextInMs));
  };
