import type { Context } from 'koa';
import send, { type SendOptions } from 'send';
import { ApiError } from '../domain/errors.ts';

/** Answers with a file below `root`, ranges and conditional requests included; throws `NOT_FOUND` when it is not there. */
export const sendFile = (ctx: Context, path: string, options: SendOptions & { root: string }): Promise<void> =>
  new Promise<void>((resolve, reject) => {
    ctx.respond = false; // send writes the response itself
    ctx.res.statusCode = 200; // Koa presets 404, and send keeps what is set
    send(ctx.req, path, { dotfiles: 'deny', index: false, ...options })
      .on('error', (error: Error & { status?: number }) => {
        ctx.respond = true;
        const isMissing = error.status === 404 || error.status === 403;
        reject(isMissing ? new ApiError('NOT_FOUND', 'There is no such file.', { cause: error }) : error);
      })
      .pipe(ctx.res);
    ctx.res.once('close', resolve);
  });
