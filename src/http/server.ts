import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface HttpServer {
  /** `http://host:port`, with the port that it really got. */
  url: string;
  /** Hands requests to this from now on. */
  serve: (listener: Listener) => void;
  /** Takes no more requests and waits for those under way, at most `withinMs`; then cuts what is left. Safe to call twice. */
  close: (withinMs?: number) => Promise<void>;
}

/** How long a connection may take, in ms: whoever sends slower than that, or nothing, does not keep it. */
interface TimeLimits {
  /** For the line and headers of a request. */
  headersTimeout?: number;
  /** For a request, its body included: 20 MB over a slow line. */
  requestTimeout?: number;
  /** For the next request. Longer than proxies and load balancers keep theirs, which would send into one that closes. */
  keepAliveTimeout?: number;
  /** How often that is looked after. */
  connectionsCheckingInterval?: number;
}

/**
 * Listens, and hands requests to `first`; rejects with the system's error (`EADDRINUSE`, …) when it cannot. What is no HTTP, or has
 * more than 16 KB of headers, is answered by Node itself, with 400, 408, 413 or 431 and nothing else.
 */
export async function openServer(
  { host, port }: { host: string; port: number },
  first: Listener,
  {
    headersTimeout = 10_000,
    requestTimeout = 360_000, // 20 MB at 64 KB a second
    keepAliveTimeout = 65_000,
    connectionsCheckingInterval = 5_000,
  }: TimeLimits = {},
): Promise<HttpServer> {
  let listener = first;
  let isClosing = false;
  const limits = {
    headersTimeout,
    requestTimeout,
    keepAliveTimeout,
    connectionsCheckingInterval,
    maxHeaderSize: 16_384,
  };
  const answer: Listener = (request, response) => {
    // A connection that is kept alive is cut as soon as its last answer is sent.
    response.once(
      'close',
      () =>
        isClosing &&
        setImmediate(() => {
          server.closeIdleConnections();
        }),
    );
    listener(request, response);
  };
  const server = createServer(limits, answer);
  // Their bytes are limited already. Node would drop the 2,001st and those behind it without a word, an If-Match among them.
  server.maxHeadersCount = 0;
  server.on('checkExpectation', answer); // whoever expects what nobody knows is answered like all others, with an id
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    url: urlOf(server),
    serve(next) {
      listener = next;
    },
    close: (withinMs = 5_000) =>
      new Promise((resolve, reject) => {
        if (!server.listening) {
          resolve();
          return;
        }
        isClosing = true;
        const cut = setTimeout(() => {
          server.closeAllConnections();
        }, withinMs);
        server.close((error) => {
          clearTimeout(cut);
          if (error === undefined) resolve();
          else reject(error);
        });
        server.closeIdleConnections();
      }),
  };
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  const isAny = address === '0.0.0.0' || address === '::';
  const host = isAny ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${String(port)}`;
}
