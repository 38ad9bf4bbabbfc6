import type Router from '@koa/router';
import Koa from 'koa';
import type { Logger } from 'pino';
import type { Trx } from '../db/database.ts';
import { ApiError } from '../domain/errors.ts';
import { formatId } from '../domain/ids.ts';
import type { Endpoint } from './define-endpoint.ts';
import { docsRoutes } from './docs.ts';
import { endpointRoutes } from './endpoint-routes.ts';
import { errorEnvelope } from './errors.ts';
import { healthRoutes, type Health } from './health.ts';

declare module 'koa' {
  interface DefaultState {
    requestId: string;
    /** Set once the caller is known. */
    organizationId?: string;
  }
}

interface AppParts<Deps> {
  endpoints: readonly Endpoint<Deps>[];
  deps: Deps;
  /** Beside the endpoints: the pictures, where this process serves them. */
  routes: readonly Koa.Middleware[];
  health: Health;
  newId: () => string;
  log: Logger;
}

type Frame = Pick<AppParts<never>, 'health' | 'newId' | 'log'>;

/** Builds the API, apart from any server: what a request meets, in order. */
export function createApp<Deps extends { database: Trx }>({ endpoints, deps, routes, ...frame }: AppParts<Deps>): Koa {
  const app = createFrame(frame);
  for (const route of routes) app.use(route);
  serve(app, docsRoutes(endpoints));
  serve(app, endpointRoutes(endpoints, deps));
  return app;
}

/** Builds what answers while the parts that the API works with are started: health, and UNAVAILABLE for everything else. */
export function createStartingApp(parts: Pick<Frame, 'newId' | 'log'>): Koa {
  const health: Health = { isDraining: () => false, check: () => Promise.resolve({ isReady: false, parts: {} }) };
  const app = createFrame({ ...parts, health });
  app.use(() => {
    throw new ApiError('UNAVAILABLE', 'The service is starting.', { headers: { 'Retry-After': '1' } });
  });
  return app;
}

/** What every request meets first: its id and its line in the log, the envelope of errors, health. */
function createFrame({ health, newId, log }: Frame): Koa {
  const app = new Koa();
  app.on('error', (error: unknown) => {
    log.error({ err: error }, 'a response could not be sent');
  });
  app.use(async (ctx, next) => {
    const startedAt = performance.now();
    const requestId = formatId('request', newId());
    ctx.state.requestId = requestId;
    ctx.set('X-Request-Id', requestId);
    ctx.set('X-Content-Type-Options', 'nosniff');
    if (health.isDraining()) ctx.set('Connection', 'close');
    await next();
    log.info(
      {
        requestId,
        organizationId: ctx.state.organizationId,
        method: ctx.method,
        path: ctx.path,
        status: ctx.status,
        ms: Math.round(performance.now() - startedAt),
      },
      'request',
    );
  });
  app.use(errorEnvelope(log));
  serve(app, healthRoutes(health));
  return app;
}

/** Adds routes, and to each path the answer for methods that it does not take. */
function serve(app: Koa, router: Router): void {
  app.use(router.routes());
  app.use(router.allowedMethods());
}
