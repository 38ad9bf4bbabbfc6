import type { Context, Next } from 'koa';
import { getAbsoluteFSPath } from 'swagger-ui-dist';
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

const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

/** `GET /openapi.json`, and `GET /docs` to read it by, from this package's own files: no other host is asked. */
export function docsRoutes(endpoints: readonly Endpoint<never>[]) {
  const document = JSON.stringify(openApiDocument(endpoints));
  return async (ctx: Context, next: Next): Promise<void> => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      await next();
      return;
    }
    const asset = assets.find((name) => ctx.path === `/docs/${name}`);
    if (ctx.path === '/openapi.json') {
      ctx.type = 'application/json';
      ctx.body = document;
    } else if (ctx.path === '/docs') {
      ctx.type = 'text/html; charset=utf-8';
      ctx.set('Content-Security-Policy', `default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:`);
      ctx.body = page;
    } else if (ctx.path === '/docs/start.js') {
      ctx.type = 'text/javascript; charset=utf-8';
      ctx.body = startScript;
    } else if (asset !== undefined) {
      await sendFile(ctx, `/${asset}`, { root: getAbsoluteFSPath(), headers: { 'Cache-Control': 'max-age=86400' } });
    } else {
      await next();
    }
  };
}
