import Router from '@koa/router';
import type { Context } from 'koa';
import type { Trx } from '../db/database.ts';
import { authenticate, authorize } from './authentication.ts';
import { readJson } from './body.ts';
import type { Endpoint } from './define-endpoint.ts';
import { compileValidation } from './validation.ts';

/** Makes routes of the endpoints: who calls, may they, is the request valid, then the handler. */
export function endpointRoutes<Deps extends { database: Trx }>(
  endpoints: readonly Endpoint<Deps>[],
  deps: Deps,
): Router {
  const router = new Router({ strict: true, sensitive: true });
  for (const endpoint of endpoints) {
    const validate = compileValidation(endpoint);
    router[endpoint.method](endpoint.path, async (ctx) => {
      const principal = await authenticate(ctx, deps.database);
      ctx.state.organizationId = principal.organizationId;
      authorize(principal, endpoint.scope);
      const body = endpoint.body === undefined ? undefined : await readJson(ctx);
      const reply = await endpoint.handle({ principal, ...validate(ctx.params, body) }, deps);
      ctx.set('Cache-Control', 'no-store');
      if (reply.location !== undefined) ctx.set('Location', reply.location);
      if (reply.etag !== undefined) {
        ctx.set('ETag', `"${reply.etag}"`);
        ctx.set('Cache-Control', 'private, no-cache'); // may be kept, but must be asked for
        if (ctx.method !== 'POST' && isFresh(ctx, reply.etag)) {
          ctx.status = 304;
          return;
        }
      }
      ctx.status = reply.status;
      ctx.body = reply.body;
    });
  }
  return router;
}

/**
 * Tells whether the caller has this version ([RFC 9110, 13.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2)). Koa's own
 * `fresh` would not do: it ignores the validator when the request says `Cache-Control: no-cache`, which fetch always does.
 */
function isFresh(ctx: Context, etag: string): boolean {
  const held = ctx.get('If-None-Match');
  return held === '*' || held.split(',').some((one) => one.trim().replace(/^W\//, '') === `"${etag}"`);
}
