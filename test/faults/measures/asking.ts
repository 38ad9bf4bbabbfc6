// How the measures ask: one request with all that is measured of it, and a steady rate of them, whether answers come or not.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { Tenant } from '../../support/api.ts';
import type { World } from '../world.ts';
import type { Held } from './kept.ts';

export interface Answer {
  /** When it was due, in ms of `performance.now()`. */
  at: number;
  /** From then to the whole answer. */
  ms: number;
  /** Null where none came. */
  status: number | null;
  retryAfter: string | null;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what is read of it is checked by what is measured
  body: any;
}

type Asked = Pick<World, 'apiUrls' | 'random'>;

interface Request {
  method?: 'GET' | 'POST';
  key: string;
  headers?: Record<string, string>;
  body?: object;
  /** When it was due; now, if not given. */
  at?: number;
}

/** What takes longer hangs. */
const givesUpAfterMs = 30_000;

/** Asks once; what goes wrong on the way is an answer without a status. */
export async function ask(
  url: string,
  { method = 'GET', key, headers, body, at = performance.now() }: Request,
): Promise<Answer> {
  try {
    const response = await request(url, {
      method,
      headers: { 'X-Api-Key': key, ...(body && { 'Content-Type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(givesUpAfterMs),
    });
    const text = await response.body.text();
    return {
      at,
      ms: performance.now() - at,
      status: response.statusCode,
      retryAfter: [response.headers['retry-after'] ?? null].flat()[0] ?? null,
      body: text === '' ? null : JSON.parse(text),
    };
  } catch {
    return { at, ms: performance.now() - at, status: null, retryAfter: null, body: null };
  }
}

/** Asks once, at one of the processes, for an influencer and its job. */
export const askForInfluencer = (
  { apiUrls, random }: Asked,
  { projectId, key }: Tenant,
  idempotencyKey: string,
  at?: number,
): Promise<Answer> =>
  ask(`${random.pick(apiUrls)}/v1/projects/${projectId}/influencers`, {
    method: 'POST',
    key,
    headers: { 'Idempotency-Key': idempotencyKey },
    body: { name: 'Measured', vibe: 'warm' },
    ...(at === undefined ? {} : { at }),
  });

/** What was asked for, and how it was answered. */
export class Wishes {
  readonly held: Held[] = [];
  /** How many were left in doubt. */
  doubts = 0;

  /** Asks once for an influencer. */
  async ask(world: Asked, tenant: Tenant, at?: number): Promise<Answer> {
    const idempotencyKey = randomUUID();
    const answer = await askForInfluencer(world, tenant, idempotencyKey, at);
    const { status, body } = answer;
    if (status === 202) this.held.push({ idempotencyKey, jobId: body.jobId, influencerId: body.influencerId });
    else if (!isRefusal(answer)) this.doubts++;
    return answer;
  }
}

/** Whether a limit was reached, so that nothing was done: that says when to come back, and not that something is away. */
export const isRefusal = ({ status, body }: Pick<Answer, 'status' | 'body'>): boolean =>
  status === 429 || (status === 503 && body?.error?.message.startsWith('Too many'));

/** Asks that a job be stopped. */
export const cancel = ({ apiUrls, random }: Asked, { key }: Tenant, jobId: string): Promise<Answer> =>
  ask(`${random.pick(apiUrls)}/v1/jobs/${jobId}/cancel`, { method: 'POST', key });

/** Acts so often a second for so long, without waiting for what came before, and gives what came of all. */
export async function steadily<Result>(
  perSecond: number,
  { seconds = Infinity, signal }: { seconds?: number; signal?: AbortSignal },
  act: (at: number, count: number) => Promise<Result>,
): Promise<Result[]> {
  const from = performance.now();
  const acting: Promise<Result>[] = [];
  for (let count = 0; count < seconds * perSecond; count++) {
    const at = from + (count * 1_000) / perSecond;
    await delay(Math.max(0, at - performance.now()));
    if (signal?.aborted === true) break;
    acting.push(act(at, count));
  }
  return Promise.all(acting);
}

/** Acts on each, so many at a time. */
export async function forEach<Item>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<unknown>,
): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of left) await act(item);
    }),
  );
}

export interface Latency {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

/** Of answers, in ms. */
export function latencyOf(answers: readonly Pick<Answer, 'ms'>[]): Latency {
  const sorted = answers.map(({ ms }) => ms).sort((one, other) => one - other);
  const at = (share: number) => rounded(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** To a tenth. */
export const rounded = (number: number): number => Math.round(number * 10) / 10;
