import { createHash } from 'node:crypto';
import Router from '@koa/router';
import getAbsoluteFSPath from 'swagger-ui-dist/absolute-path.js'; // the package itself would run its page's program here
import type { Endpoint } from './define-endpoint.ts';
import { openApiDocument } from './openapi.ts';
import { sendFile } from './send-file.ts';

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Doppel API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
    <link rel="icon" href="/docs/favicon-32x32.png" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const startScript = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, persistAuthorization: false, validatorUrl: null });
`;

const pagePolicy = [
  `default-src 'self'`, // with it the calls that the page tries
  `style-src 'self' 'unsafe-inline'`,
  `img-src 'self' data:`,
  `object-src 'none'`,
  `base-uri 'none'`,
  `frame-ancestors 'none'`,
].join('; ');

/** `GET /openapi.json`, and `GET /docs` to read it by, from this package's own files: no other host is asked. */
export function docsRoutes(endpoints: readonly Endpoint<never>[]): Router {
  let written: { document: string; etag: string } | undefined;
  const write = () => {
    const document = JSON.stringify(openApiDocument(endpoints));
    return { document, etag: `"${createHash('sha256').update(document).digest('base64url').slice(0, 16)}"` };
  };
  const router = new Router({ strict: true, sensitive: true });
  router.get('/openapi.json', (ctx) => {
    const { document, etag } = (written ??= write());
    ctx.type = 'application/json';
    ctx.set({ ETag: etag, 'Cache-Control': 'no-cache' });
    ctx.body = document;
  });
  router.get('/docs', (ctx) => {
    ctx.type = 'text/html; charset=utf-8';
    ctx.set('Content-Security-Policy', pagePolicy);
    ctx.body = page;
  });
  router.get('/docs/start.js', (ctx) => {
    ctx.type = 'text/javascript; charset=utf-8';
    ctx.body = startScript;
  });
  for (const asset of ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']) {
    router.get(`/docs/${asset}`, (ctx) =>
      sendFile(ctx, `/${asset}`, { root: getAbsoluteFSPath(), headers: { 'Cache-Control': 'max-age=86400' } }),
    );
  }
  return router;
}
