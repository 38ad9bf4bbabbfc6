import type { Context } from 'koa';

/** The route that answers, as it was declared: `/v1/jobs/:jobId`; null where none does. */
export const routeOf = (ctx: Context): string | null =>
  (ctx as { _matchedRoute?: unknown })._matchedRoute?.toString() ?? null;
