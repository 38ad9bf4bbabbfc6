import type { Context } from 'koa';
import send, { type SendOptions } from 'send';
import { ApiError } from '../domain/errors.ts';

/**
 * Answers with a file below `root`, ranges and conditional requests included, and with `headers` when there is one. Throws
 * `NOT_FOUND` when it is not there; a range or condition that cannot be met is answered as RFC 9110 says, without a body.
 */
export const sendFile = (
  ctx: Context,
  path: string,
  { headers, ...options }: SendOptions & { root: string; headers: Record<string, string> },
): Promise<void> =>
  new Promise<void>((resolve, reject) => {
    ctx.respond = false; // send writes the response itself
    ctx.res.statusCode = 200; // Koa presets 404, and send keeps what is set
    send(ctx.req, path, { dotfiles: 'deny', index: false, cacheControl: false, ...options })
      .on('headers', () => {
        ctx.set(headers);
      })
      .on('error', (error: Error & { status?: number; headers?: Record<string, string> }) => {
        if (error.status === 412 || error.status === 416) {
          ctx.res.removeHeader('Cache-Control');
          ctx.res.writeHead(error.status, error.headers).end();
          return;
        }
        ctx.respond = true;
        const isMissing = error.status !== undefined && error.status < 500;
        reject(isMissing ? new ApiError('NOT_FOUND', 'There is no such file.', { cause: error }) : error);
      })
      .pipe(ctx.res);
    ctx.res.once('close', resolve);
  });
