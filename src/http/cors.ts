import type { Context, Next } from 'koa';

/** What a page may send, and may read beside the body; the API's, where nothing else is said. */
interface CorsRules {
  headers: string;
  exposed: string;
  /** Whether a browser sends what it is signed in with. */
  withCredentials: boolean;
}

const apiRules: CorsRules = {
  headers: 'Authorization, X-Api-Key, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, Last-Event-ID',
  exposed:
    'X-Request-Id, ETag, Location, RateLimit, RateLimit-Policy, X-RateLimit-Endpoint-Class, Retry-After, Idempotent-Replayed, Preference-Applied',
  withCredentials: false,
};

/** Lets pages of these origins, and of no others, read replies ([Fetch](https://fetch.spec.whatwg.org/#http-cors-protocol)). */
export const cors =
  (origins: readonly string[], { headers, exposed, withCredentials }: CorsRules = apiRules) =>
  async (ctx: Context, next: Next): Promise<void> => {
    ctx.vary('Origin');
    const origin = ctx.get('Origin');
    if (!origins.includes(origin)) {
      await next();
      return;
    }
    ctx.set('Access-Control-Allow-Origin', origin);
    if (withCredentials) ctx.set('Access-Control-Allow-Credentials', 'true');
    if (ctx.method === 'OPTIONS' && ctx.get('Access-Control-Request-Method') !== '') {
      ctx.set({
        'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
        'Access-Control-Allow-Headers': headers,
        'Access-Control-Max-Age': '7200',
      });
      ctx.status = 204;
      return;
    }
    ctx.set('Access-Control-Expose-Headers', exposed);
    await next();
  };
