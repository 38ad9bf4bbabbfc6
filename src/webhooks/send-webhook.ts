// Sends one webhook. What a receiver does (hang, answer without end, redirect inside) costs a slot for 15 s at most, and some KB.

import { Agent, request, type Dispatcher } from 'undici';
import { webhookLimits, type AttemptError } from '../domain/webhook.ts';
import { attemptErrorOf } from './attempt-error.ts';
import { dialWith, guardedDialler, type Dial } from './guarded-dialler.ts';
import { retryAfterMs } from './retry-after.ts';
import { resolveWith, type Resolve } from './system-resolve.ts';
import { webhookSignature } from './webhook-secret.ts';
import { webhookUrlFault } from './webhook-url.ts';

export interface Webhook {
  /** The `webhook-id`: the same at each attempt. */
  id: string;
  url: string;
  /** When it is sent: its `webhook-timestamp`. */
  at: Date;
  body: string;
  /** Each of them signs. */
  secrets: readonly Buffer[];
}

/** What came of it: a status, or an error. */
export interface Sent {
  at: Date;
  durationMs: number;
  statusCode: number | null;
  error: AttemptError | null;
  responseExcerpt: string | null;
  /** How long the receiver asks to be left alone; null where it does not. */
  retryAfterMs: number | null;
}

/** Never rejects but with the signal's reason, when that is aborted: what a receiver does is an answer. */
export type SendWebhook = (webhook: Webhook, signal?: AbortSignal) => Promise<Sent>;

interface SenderOptions {
  allowsLocalhost: boolean;
  timeoutMs?: number;
  /** Others than the system's, for tests. */
  resolve?: Resolve;
  dial?: Dial;
}

const readBytes = 16 * 1024;

export function createSender({
  allowsLocalhost,
  timeoutMs = 15_000,
  resolve = resolveWith(),
  dial = dialWith(),
}: SenderOptions): SendWebhook {
  const connect = guardedDialler({ allowsLocalhost, resolve, dial });
  return async (webhook, signal) => {
    signal?.throwIfAborted();
    const { at } = webhook;
    const startedAt = performance.now();
    const sent = (answer: Partial<Sent>): Sent => ({
      ...{ at, durationMs: Math.round(performance.now() - startedAt) },
      ...{ statusCode: null, error: null, responseExcerpt: null, retryAfterMs: null },
      ...answer,
    });
    // It was judged when it was stored, perhaps by other rules.
    if (webhookUrlFault(webhook.url, { allowsLocalhost }) !== null) return sent({ error: 'address_not_allowed' });
    // A connection for this one alone: what a receiver leaves behind on it is nobody else's.
    const dispatcher = new Agent({ connect, connections: 1 });
    const ending = endingAfter(timeoutMs, signal);
    try {
      const answer = await Promise.race([post(webhook, dispatcher, ending.signal), ending.ended]);
      return sent({
        statusCode: answer.statusCode,
        responseExcerpt: await excerptOf(answer.body),
        retryAfterMs: retryAfterMs(answer.headers['retry-after'], at.getTime()),
      });
    } catch (error) {
      signal?.throwIfAborted();
      return sent({ error: attemptErrorOf(error) });
    } finally {
      ending.clear();
      await dispatcher.destroy();
    }
  };
}

/** Redirects are not followed: undici does so only when it is told to. */
function post({ id, url, at, body, secrets }: Webhook, dispatcher: Dispatcher, signal: AbortSignal) {
  const timestamp = Math.floor(at.getTime() / 1000);
  return request(url, {
    dispatcher,
    method: 'POST',
    signal,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Doppel-Webhooks/1',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': webhookSignature(secrets, { id, timestamp, body }),
    },
    body,
  });
}

/** The beginning of a body, as Postgres can keep it; null where there is none. The rest is never read. */
async function excerptOf(body: Dispatcher.ResponseData['body']): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  body.on('error', () => undefined); // it is broken off here, and the status is the answer
  try {
    for await (const chunk of body) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size >= readBytes) break;
    }
  } catch {
    // It broke off, or took too long: what is there is shown.
  }
  const text = Buffer.concat(chunks).subarray(0, readBytes).toString('utf8').replaceAll('\0', '\ufffd');
  const excerpt = Array.from(text).slice(0, webhookLimits.responseExcerpt).join('');
  return excerpt === '' ? null : excerpt;
}

/** Aborts after so many ms, or with another signal, and rejects then. */
function endingAfter(timeoutMs: number, signal: AbortSignal | undefined) {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DOMException(`No answer within ${String(timeoutMs)} ms.`, 'TimeoutError'));
  }, timeoutMs);
  const abort = () => {
    controller.abort(signal?.reason);
  };
  signal?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    ended: new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => {
        reject(controller.signal.reason as Error);
      });
    }),
    clear() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    },
  };
}
