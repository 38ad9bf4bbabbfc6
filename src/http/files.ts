import type { Context, Next } from 'koa';
import { ApiError } from '../domain/errors.ts';
import type { SignedUrls } from '../storage/signed-urls.ts';
import { sendFile } from './send-file.ts';

const prefix = '/files/';

/** Serves stored pictures from a folder to whoever holds a signed URL, in ranges too (RFC 9110, section 14). */
export const fileRoutes =
  ({ folder, urls, now }: { folder: string; urls: SignedUrls; now: () => Date }) =>
  async (ctx: Context, next: Next): Promise<void> => {
    if (!ctx.path.startsWith(prefix)) {
      await next();
      return;
    }
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD');
      if (ctx.method === 'OPTIONS') {
        ctx.status = 204;
        return;
      }
      throw new ApiError('METHOD_NOT_ALLOWED', `${ctx.path} does not take ${ctx.method}.`);
    }
    const key = ctx.path.slice(prefix.length);
    const expiresAt = urls.expiryOf(key, new URLSearchParams(ctx.querystring), now());
    // One answer for what is not there and for what may not be seen.
    if (expiresAt === null)
      throw new ApiError('NOT_FOUND', 'The URL is not valid, or has expired; read the record again.');
    const maxAgeS = Math.max(0, Math.floor((expiresAt.getTime() - now().getTime()) / 1000));
    await sendFile(ctx, `/${key}`, {
      root: folder,
      headers: {
        'Cache-Control': `private, max-age=${String(maxAgeS)}, immutable`,
        'Content-Security-Policy': `default-src 'none'`,
        'Cross-Origin-Resource-Policy': 'cross-origin', // pages of others show these
      },
    });
  };
