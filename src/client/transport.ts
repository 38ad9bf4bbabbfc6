// One call to the API: sent again where that can help and cannot double anything, and its answer or its error.

import { DoppelError, parsed, type Received as Answered } from './doppel-error.ts';
import { NoAnswerError } from './no-answer-error.ts';

export interface ClientOptions {
  /** Where the API is, such as `https://doppel.example.com`. */
  baseUrl: string;
  apiKey: string;
  /** How often a call is sent again at most; 4 if not given. */
  maxRetries?: number;
  /** How long one try may take, to the end of its answer, in ms; 30 s if not given. An upload gets more, by its size. */
  timeoutMs?: number;
  /**
   * How long a call waits between its tries, all in all, in ms; 75 s if not given, so that it outlasts a rate limit's minute.
   * When the API says to wait longer, its error is thrown at once.
   */
  maxWaitMs?: number;
  /** Instead of the global one. */
  fetch?: typeof fetch;
}

export interface ReadOptions {
  /** Ends the call, whatever it does; it then rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface ChangeOptions extends ReadOptions {
  /** Names the change for 24 hours, so that a repeat has no second effect. One is made for each call if not given. */
  idempotencyKey?: string;
}

export type Query = Record<string, string | number | readonly string[] | undefined>;

export interface Call extends ChangeOptions {
  query?: Query;
  body?: unknown;
  /** `ETag` that the thing must have, or that the caller has. */
  ifMatch?: string;
  ifNoneMatch?: string;
  /** How long the answer may wait for what the caller is after, in seconds. */
  waitS?: number;
  simulate?: string;
}

/** Null where the caller has it already: only after `ifNoneMatch`. `canWait` where the API heeded `waitS`. */
export type Answer<Body> = { body: Body; etag: string; canWait?: true } | null;

/** A stream that has begun. */
export interface OpenStream {
  body: ReadableStream<Uint8Array>;
  /** Breaks it; the reading then fails with the reason. */
  abort: (reason: unknown) => void;
  /** To be called when it is not read any more. */
  close: () => void;
}

/** Where the bytes of an upload go. */
interface Place {
  url: string;
  headers: Record<string, string>;
}

export interface Transport {
  /** How long one try may take, in ms. */
  timeoutMs: number;
  /** Opens a stream of server-sent events, behind the last one that the caller has; null where there is nothing more. */
  stream: (path: string, options: ReadOptions & { lastEventId: string | null }) => Promise<OpenStream | null>;
  send: <Body>(method: string, path: string, call?: Call) => Promise<Answer<Body>>;
  /** Sends bytes to a place that was made for them; its URL itself says that they may come. */
  put: (place: Place, bytes: Uint8Array | Blob, options?: ReadOptions) => Promise<void>;
}

interface Request {
  method: string;
  url: string;
  headers: Headers;
  body: string | Uint8Array<ArrayBuffer> | Blob | null;
  idempotencyKey: string | null;
  timeoutMs: number;
  signal: AbortSignal | undefined;
  isStream?: true;
}

interface Received extends Answered {
  /** Where the request is for a stream, and gets one. */
  opened?: OpenStream;
}

/** An ETag that nothing has: with it, what was read without one is never overwritten unseen. */
const noEtag = '""';
/** The slowest upload that still has enough time: 64 KB a second. */
const uploadBytesPerMs = 64;

export function createTransport(options: ClientOptions, wait = pause): Transport {
  const { baseUrl, apiKey, maxRetries = 4, timeoutMs = 30_000, maxWaitMs = 75_000, fetch: dial = fetch } = options;
  const { origin, pathname } = new URL(baseUrl);
  const root = `${origin}${pathname.replace(/\/+$/, '')}`;

  const tryOnce = async (request: Request): Promise<Received | { fault: unknown }> => {
    const { url, method, headers, body, signal } = request;
    signal?.throwIfAborted();
    // Not AbortSignal.any: what it makes of a timeout may be collected before it fires, in Node 20.
    const ending = new AbortController();
    const abort = () => {
      ending.abort(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(() => {
      ending.abort(new DOMException(`No answer within ${String(request.timeoutMs)} ms.`, 'TimeoutError'));
    }, request.timeoutMs);
    const close = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    let isOpen = false;
    try {
      // Redirected, the key would go wherever the answer says, and a POST would become a GET.
      const response = await dial(url, { method, headers, body, redirect: 'manual', signal: ending.signal });
      const { status } = response;
      if (request.isStream === true && status === 200 && response.body !== null) {
        clearTimeout(timer);
        isOpen = true;
        const opened = {
          body: response.body,
          abort: (reason: unknown) => {
            ending.abort(reason);
          },
          close,
        };
        return { status, headers: response.headers, text: '', opened };
      }
      return { status, headers: response.headers, text: await response.text() };
    } catch (fault) {
      signal?.throwIfAborted();
      return { fault: ending.signal.aborted ? ending.signal.reason : fault };
    } finally {
      if (!isOpen) close();
    }
  };

  /** Sends a request until it is answered as it should be, or as no repeat can mend. */
  const persist = async (request: Request): Promise<Received> => {
    const { method, url, idempotencyKey, signal } = request;
    let waitedMs = 0;
    for (let tries = 1; ; tries++) {
      const tried = await tryOnce(request);
      if ('status' in tried && isTaken(tried.status)) return tried;
      const failure =
        'status' in tried
          ? new DoppelError(tried, idempotencyKey)
          : new NoAnswerError(
              `No answer to ${method} ${new URL(url).pathname} in ${String(tries)} ${tries === 1 ? 'try' : 'tries'}.`,
              { idempotencyKey, cause: tried.fault },
            );
      const waitMs = waitMsBefore(failure, tries);
      if (waitMs === null || tries > maxRetries || waitedMs + waitMs > maxWaitMs) throw failure;
      waitedMs += waitMs;
      await wait(waitMs, signal);
    }
  };

  return {
    timeoutMs,
    async stream(path, { lastEventId, signal }) {
      const headers = new Headers({ 'X-Api-Key': apiKey, Accept: 'text/event-stream' });
      if (lastEventId !== null) headers.set('Last-Event-ID', lastEventId);
      const received = await persist({
        ...{ method: 'GET', url: `${root}${path}`, headers, body: null, idempotencyKey: null, timeoutMs, signal },
        isStream: true,
      });
      if (received.status === 204) return null;
      if (received.opened === undefined) throw new DoppelError(received, null);
      return received.opened;
    },
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- which answer a path gives, the caller knows
    async send<Body>(method: string, path: string, call: Call = {}) {
      const { query = {}, body, ifMatch, ifNoneMatch, waitS, simulate, signal } = call;
      // The same key on every try: that is what makes it safe to try again after an answer was lost.
      const idempotencyKey = method === 'GET' ? null : (call.idempotencyKey ?? newIdempotencyKey());
      const headers = new Headers({ 'X-Api-Key': apiKey, Accept: 'application/json' });
      if (body !== undefined) headers.set('Content-Type', 'application/json');
      if (idempotencyKey !== null) headers.set('Idempotency-Key', idempotencyKey);
      if (ifMatch !== undefined) headers.set('If-Match', ifMatch);
      if (ifNoneMatch !== undefined) headers.set('If-None-Match', ifNoneMatch);
      if (waitS !== undefined) headers.set('Prefer', `wait=${String(waitS)}`);
      if (simulate !== undefined) headers.set('X-Doppel-Simulate', simulate);
      const received = await persist({
        ...{ method, url: `${root}${path}${queryText(query)}`, headers, idempotencyKey, timeoutMs, signal },
        body: body === undefined ? null : JSON.stringify(body),
      });
      if (received.status === 304 && ifNoneMatch !== undefined) return null;
      const content = parsed(received.text);
      if (content === undefined) throw new DoppelError(received, idempotencyKey);
      return {
        ...{ body: content as Body, etag: received.headers.get('ETag') ?? noEtag },
        ...(received.headers.has('Preference-Applied') ? { canWait: true } : {}),
      };
    },
    async put({ url, headers }, bytes, { signal } = {}) {
      const size = bytes instanceof Blob ? bytes.size : bytes.length;
      await persist({
        ...{
          method: 'PUT',
          url,
          headers: new Headers(headers),
          body: bytes as Uint8Array<ArrayBuffer> | Blob,
          idempotencyKey: null,
          signal,
        },
        timeoutMs: timeoutMs + size / uploadBytesPerMs,
      });
    },
  };
}

const isTaken = (status: number): boolean => (status >= 200 && status < 300) || status === 304;

/** How long to wait before the next try; null where none can help. A killed key's 503 is such a case. */
function waitMsBefore(failure: DoppelError | NoAnswerError, tries: number): number | null {
  if (failure instanceof NoAnswerError) return backoffMs(tries);
  if (![429, 500, 502, 503, 504].includes(failure.status) || failure.code === 'KILL_SWITCH') return null;
  return (failure.retryAfterMs ?? 0) + backoffMs(tries);
}

/** Doubles from 250 ms up to 8 s, with chance, so that many callers do not come back in one moment. */
const backoffMs = (tries: number): number => Math.min(8_000, 125 * 2 ** tries) * (0.5 + Math.random() / 2);

/** Not `crypto.randomUUID`: browsers have that on pages of https alone. */
const newIdempotencyKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

function queryText(query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of typeof value === 'object' ? value : [String(value)]) search.append(name, one);
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
}

/** Waits; rejects with the signal's reason when it is aborted before. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
