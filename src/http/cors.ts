import type { Context, Next } from 'koa';

const allowed = {
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'Access-Control-Allow-Headers':
    'Authorization, X-Api-Key, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, Last-Event-ID',
  'Access-Control-Max-Age': '7200',
};
const exposed =
  'X-Request-Id, ETag, Location, RateLimit, RateLimit-Policy, X-RateLimit-Endpoint-Class, Retry-After, Idempotent-Replayed, Preference-Applied';

/** Lets pages of these origins, and of no others, read replies ([Fetch](https://fetch.spec.whatwg.org/#http-cors-protocol)). */
export const cors =
  (origins: readonly string[]) =>
  async (ctx: Context, next: Next): Promise<void> => {
    ctx.vary('Origin');
    const origin = ctx.get('Origin');
    if (!origins.includes(origin)) {
      await next();
      return;
    }
    ctx.set('Access-Control-Allow-Origin', origin);
    if (ctx.method === 'OPTIONS' && ctx.get('Access-Control-Request-Method') !== '') {
      ctx.set(allowed);
      ctx.status = 204;
      return;
    }
    ctx.set('Access-Control-Expose-Headers', exposed);
    await next();
  };
