// What every request meets first, and all that a process answers which serves nothing else.

import type Router from '@koa/router';
import Koa from 'koa';
import type { Logger } from 'pino';
import { ApiError, invalid } from '../domain/errors.ts';
import { formatId } from '../domain/ids.ts';
import { parseUrl } from '../domain/parse-url.ts';
import { httpRequests } from '../metrics/metrics.ts';
import { cors } from './cors.ts';
import { errorEnvelope } from './errors.ts';
import { healthRoutes, type Health } from './health.ts';
import { routeOf } from './route.ts';
import { tracing } from './tracing.ts';
import { waitIn } from './waiting.ts';

declare module 'koa' {
  interface DefaultState {
    requestId: string;
    /** Set once the caller is known. */
    organizationId?: string;
    apiKeyId?: string;
  }
}

export interface Frame extends Surroundings {
  health: Health;
  newId: () => string;
  log: Logger;
}

/** Where the API stands. */
export interface Surroundings {
  /** How many reverse proxies are before it: a caller's address is the one that the outermost of them saw. */
  proxyHops?: number;
  /** Whose pages may call it from a browser. */
  corsOrigins?: readonly string[];
  /** Whether callers reach it by https alone. */
  isHttps?: boolean;
}

/** Builds what answers while the parts that the API works with are started: health, and UNAVAILABLE for everything else. */
export function createStartingApp(parts: Omit<Frame, 'health'>): Koa {
  const health: Health = { isDraining: () => false, check: () => Promise.resolve({ isReady: false, parts: {} }) };
  const app = createFrame({ ...parts, health });
  app.use(() => {
    throw new ApiError('UNAVAILABLE', 'The service is starting.', { headers: { 'Retry-After': '1' } });
  });
  return app;
}

/** What every reply says to browsers, whatever it is; routes of pages and pictures say otherwise. */
const securityHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': `default-src 'none'; frame-ancestors 'none'`,
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

/**
 * What every request meets first: its id and its line in the log, the envelope of errors, health. By itself, what a process answers
 * that serves nothing else.
 */
export function createFrame({ health, newId, log, proxyHops = 0, corsOrigins = [], isHttps = false }: Frame): Koa {
  const app = new Koa({ proxy: proxyHops > 0, maxIpsCount: proxyHops });
  app.on('error', (error: unknown, ctx?: Koa.Context) => {
    const requestId = ctx?.state.requestId;
    const { code } = error as NodeJS.ErrnoException;
    // Not the error itself: Node puts the bytes that are no HTTP into it, and with them the caller's key.
    if (isCallersEnd(code)) log.info({ code, requestId }, 'the caller ended its connection, or broke HTTP on it');
    else log.error({ err: error, requestId }, 'a response could not be sent');
  });
  app.use(async (ctx, next) => {
    ctx.req.url = originForm(ctx.req.url ?? '/');
    const startedAt = performance.now();
    const requestId = formatId('request', newId());
    ctx.state.requestId = requestId;
    ctx.set('X-Request-Id', requestId);
    ctx.set(securityHeaders);
    if (isHttps) ctx.set('Strict-Transport-Security', 'max-age=31536000');
    if (health.isDraining()) ctx.set('Connection', 'close');
    await tracing(ctx, next);
    const seconds = (performance.now() - startedAt) / 1000;
    if (waitIn(ctx.get('Prefer')) === null) httpRequests.observe(labelsOf(ctx), seconds);
    log.info(
      {
        requestId,
        organizationId: ctx.state.organizationId,
        apiKeyId: ctx.state.apiKeyId,
        method: ctx.method,
        path: ctx.path,
        status: ctx.status,
        ms: Math.round(seconds * 1000),
      },
      'request',
    );
  });
  if (corsOrigins.length > 0) app.use(cors(corsOrigins));
  app.use(errorEnvelope(log));
  app.use(oneHost);
  serve(app, healthRoutes(health));
  return app;
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** What a request is counted under: a route, never a path, and no method that a caller made up. */
const labelsOf = (ctx: Koa.Context) => ({
  method: methods.includes(ctx.method) ? ctx.method : 'other',
  route: routeOf(ctx) ?? 'none',
  status: ctx.status,
});

/** Two parts that each read another one would not mean the same ([RFC 9112, 3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)). */
const oneHost: Koa.Middleware = (ctx, next) => {
  const names = ctx.req.rawHeaders.filter((_, at) => at % 2 === 0);
  if (names.filter((name) => name.toLowerCase() === 'host').length > 1) {
    throw invalid([{ path: 'header.Host', message: 'must be there once', keyword: 'maxItems' }], 400);
  }
  return next();
};

/** Whether a connection ended by what its caller did: it went away, was too slow, or sent what is no HTTP. */
const isCallersEnd = (code = ''): boolean =>
  ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_HTTP_REQUEST_TIMEOUT'].includes(code) ||
  code.startsWith('HPE_'); // of Node's parser

/** Adds routes, and to each path the answer for methods that it does not take. */
export function serve(app: Koa, router: Router): void {
  app.use(router.routes());
  app.use(router.allowedMethods());
}

/** The target as the router knows it: a client may send it absolute ([RFC 9112, 3.2.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2)), or broken. */
function originForm(target: string): string {
  if (/^[/*]/.test(target)) return target;
  const url = parseUrl(target);
  return url === null ? '/' : url.pathname + url.search;
}
