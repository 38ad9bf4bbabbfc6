// All that is said to a provider goes through here: the key goes to the provider alone, no answer is held that is larger than a
// bound, redirects are not followed, and each answer is judged before the provider's package, which would put the prompt and the
// pictures into its errors, gets to see it.

import { setTimeout as delay } from 'node:timers/promises';
import { parseUrl } from '../../../src/domain/parse-url.ts';
import { RenderError } from '../renderer.ts';

export type Fetch = typeof globalThis.fetch;

/** One answer of a provider, read to its end. */
export interface Answer {
  method: string;
  /** Whether the key went with the question: it did not where a picture is fetched from elsewhere. */
  isFromProvider: boolean;
  status: number;
  headers: Headers;
  bytes: Buffer<ArrayBuffer>;
  /** What the bytes say as JSON; undefined where they are none. */
  body: unknown;
}

type Ask = (url: string, init: RequestInit) => Promise<Answer>;

interface BoundedFetchOptions {
  /** As its operator knows it. */
  provider: string;
  baseUrl: string;
  /** Whether another origin belongs to the provider as well, and may see the key. */
  isTrusted: (url: URL) => boolean;
  maxBytes: number;
  fetch: Fetch;
  /** How long to wait before something is got again, in ms; longer each time. */
  repeatMs: number;
  /** Gives an answer that is final, or throws a `RenderError`; it may ask again. */
  settle: (answer: Answer, ask: (url: string) => Promise<Answer>, signal: AbortSignal | undefined) => Promise<Answer>;
}

/** Makes a `fetch` for one provider, which throws a `RenderError` for whatever is no answer with a picture. */
export function boundedFetch(options: BoundedFetchOptions): Fetch {
  const ask = patiently(askWith(options), options.repeatMs);
  return async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const again = (next: string) => ask(next, { ...init, method: 'GET', body: null });
    const answer = await options.settle(await ask(url, init), again, init.signal ?? undefined);
    return new Response(answer.bytes, { status: 200, headers: answer.headers });
  };
}

const maxGets = 4;

/** What is got, and not ordered, costs nothing to ask for again, and the picture has been paid for. */
const patiently =
  (ask: Ask, repeatMs: number): Ask =>
  async (url, init) => {
    if (init.method === 'POST') return ask(url, init);
    for (let tries = 1; ; tries++) {
      try {
        const answer = await ask(url, init);
        if (tries === maxGets || (answer.status < 500 && answer.status !== 429)) return answer;
      } catch (error) {
        if (tries === maxGets || !(error instanceof RenderError) || error.fault !== 'unanswered') throw error;
      }
      await delay(repeatMs * tries, undefined, init.signal ? { signal: init.signal } : {});
    }
  };

/** What goes wrong before a request is on its way: codes, and the names of errors without one, such as those of bad headers. */
const neverSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|ERR_SSL_.*|.*CERT.*|[A-Z][a-z]\w*)$/;

function askWith({ provider, baseUrl, isTrusted, maxBytes, fetch }: BoundedFetchOptions): Ask {
  const home = new URL(baseUrl);
  return async (target, init) => {
    const url = urlOf(target, home, provider);
    const isFromProvider = url.origin === home.origin || isTrusted(url);
    const headers = new Headers(init.headers);
    if (!isFromProvider) keepOnly(headers, ['accept', 'user-agent']);
    try {
      const response = await fetch(url, { ...init, headers, redirect: 'manual' });
      const bytes = await readWithin(response, maxBytes, provider);
      return {
        method: init.method ?? 'GET',
        isFromProvider,
        status: response.status,
        headers: response.headers,
        bytes,
        body: jsonOf(response.headers, bytes),
      };
    } catch (error) {
      init.signal?.throwIfAborted();
      if (error instanceof RenderError) throw error;
      const code = codeOf(error);
      const isUnsent = init.method === 'POST' && neverSent.test(code);
      const [fault, says] = isUnsent
        ? (['unavailable', 'cannot be reached'] as const)
        : (['unanswered', 'broke off'] as const);
      throw new RenderError(fault, `${provider} ${says} (${code})`, { cause: new Error(code) });
    }
  };
}

/** Plain HTTP only where the operator chose it for the provider itself. */
function urlOf(target: string, home: URL, provider: string): URL {
  const url = parseUrl(target);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && home.protocol === 'http:')) return url;
  throw new RenderError('unusable', `${provider} names an address that is not one of HTTPS`);
}

function keepOnly(headers: Headers, names: readonly string[]): void {
  for (const name of [...headers.keys()]) if (!names.includes(name)) headers.delete(name);
}

async function readWithin(response: Response, maxBytes: number, provider: string): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Breaking off cancels the body, and that closes the connection.
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > maxBytes) {
      throw new RenderError('unusable', `${provider} gave more than ${String(maxBytes)} bytes`);
    }
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

function jsonOf(headers: Headers, bytes: Buffer): unknown {
  if (!/\bjson\b/.test(headers.get('content-type') ?? '')) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // it is no JSON, whatever it says: it will be judged by its status
  }
}

/** What the system, or undici, calls a failure of the connection. Its message may name addresses. */
function codeOf(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause) {
    const { code } = one as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return error instanceof Error ? error.name : 'unknown';
}
