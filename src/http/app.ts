import Koa from 'koa';
import type { Logger } from 'pino';
import type { Trx } from '../db/database.ts';
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

/** Builds the API, apart from any server: what a request meets, in order. */
export function createApp<Deps extends { database: Trx }>(parts: AppParts<Deps>): Koa {
  const { endpoints, deps, routes, health, newId, log } = parts;
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
  app.use(healthRoutes(health));
  app.use(docsRoutes(endpoints));
  for (const route of routes) app.use(route);
  const router = endpointRoutes(endpoints, deps);
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
}
