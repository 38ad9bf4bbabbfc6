import { fileURLToPath } from 'node:url';
import Router from '@koa/router';
import { sendFile } from './send-file.ts';

/** The console as it was built: `dist/console`, whether this runs from source or is built itself. */
const root = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/console/' : '../../console/', import.meta.url),
);

/** Scripts and styles are the build's own files alone; pictures and uploads may be where the storage is. */
const pagePolicy = (pictureOrigins: readonly string[]): string => {
  const pictures = pictureOrigins.join(' ');
  return [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self'`,
    `img-src 'self' blob: ${pictures}`,
    `connect-src 'self' ${pictures}`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ');
};

/**
 * `GET /console`: one page for all addresses below it, and the files that it loads, whose names say what is in them. It calls the
 * API as every caller does. `pictureOrigins` gives the origins that pictures are read from and uploads are put to.
 */
export function consoleRoutes(pictureOrigins: () => Promise<readonly string[]>): Router {
  const router = new Router({ strict: true, sensitive: true });
  router.get('/console/assets/:file', (ctx) =>
    sendFile(ctx, `/assets/${String(ctx.params['file'])}`, {
      root,
      headers: { 'Cache-Control': 'max-age=31536000, immutable' },
    }),
  );
  router.get('/console/icon.svg', (ctx) =>
    sendFile(ctx, '/icon.svg', { root, headers: { 'Cache-Control': 'max-age=86400' } }),
  );
  for (const path of ['/console', '/console/', '/console/*page']) {
    router.get(path, async (ctx) =>
      sendFile(ctx, '/index.html', {
        root,
        headers: { 'Cache-Control': 'no-cache', 'Content-Security-Policy': pagePolicy(await pictureOrigins()) },
      }),
    );
  }
  return router;
}
