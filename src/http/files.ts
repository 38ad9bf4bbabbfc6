import type { Context, Next } from 'koa';
import { ApiError } from '../domain/errors.ts';
import type { SignedUrls } from '../storage/signed-urls.ts';
import type { ReadUrls } from '../storage/storage.ts';
import { sendFile } from './send-file.ts';

const prefix = '/files/';

interface Signing {
  urls: SignedUrls;
  now: () => Date;
}

interface OpenedUrl {
  key: string;
  method: 'GET' | 'HEAD';
  now: Date;
  expiresAt: Date;
}

/** Serves stored pictures from a folder to whoever holds a signed URL, in ranges too (RFC 9110, section 14). */
export const fileRoutes = ({ folder, ...signing }: { folder: string } & Signing) =>
  pictureRoutes(signing, (ctx, { key, now, expiresAt }) =>
    sendFile(ctx, `/${key}`, {
      root: folder,
      headers: {
        'Cache-Control': `private, max-age=${String(secondsBetween(now, expiresAt))}, immutable`,
        'Content-Security-Policy': `default-src 'none'`,
        'Cross-Origin-Resource-Policy': 'cross-origin', // pages of others show these
      },
    }),
  );

/** Sends whoever holds a signed URL on to the storage's own server, where a URL of minutes opens the picture. */
export const redirectRoutes = ({ readUrls, ...signing }: { readUrls: ReadUrls } & Signing) =>
  pictureRoutes(signing, async (ctx, { key, method, ...validity }) => {
    const target = await readUrls.make({ key, method }, validity);
    // Whoever keeps the answer still has a minute to follow it.
    const maxAgeS = Math.max(0, secondsBetween(validity.now, target.expiresAt) - 60);
    ctx.set({ 'Cache-Control': `private, max-age=${String(maxAgeS)}`, 'Cross-Origin-Resource-Policy': 'cross-origin' });
    ctx.status = 302;
    ctx.set('Location', target.url);
    ctx.body = '';
  });

const secondsBetween = (from: Date, to: Date) => Math.max(0, Math.floor((to.getTime() - from.getTime()) / 1000));

/** Answers what is asked of pictures with `answer` where a signed URL opens one. */
const pictureRoutes =
  ({ urls, now }: Signing, answer: (ctx: Context, opened: OpenedUrl) => Promise<void>) =>
  async (ctx: Context, next: Next): Promise<void> => {
    if (!ctx.path.startsWith(prefix)) {
      await next();
      return;
    }
    const { method } = ctx;
    if (method !== 'GET' && method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD');
      if (method === 'OPTIONS') {
        ctx.status = 204;
        return;
      }
      throw new ApiError('METHOD_NOT_ALLOWED', `${ctx.path} does not take ${method}.`);
    }
    const key = ctx.path.slice(prefix.length);
    const time = now();
    const expiresAt = urls.expiryOf(key, new URLSearchParams(ctx.querystring), time);
    // One answer for what is not there and for what may not be seen.
    if (expiresAt === null)
      throw new ApiError('NOT_FOUND', 'The URL is not valid, or has expired; read the record again.');
    await answer(ctx, { key, method, now: time, expiresAt });
  };
