// The one translator of errors to HTTP: what is not a refusal of ours is logged whole and told as INTERNAL or UNAVAILABLE.

import type { Context, Next } from 'koa';
import type { Logger } from 'pino';
import { isUnavailable } from '../db/database.ts';
import { ApiError } from '../domain/errors.ts';
import { StorageUnavailable } from '../storage/storage.ts';
import { represent } from './representation.ts';

/** Answers every error, and every request that nothing answered, with the error envelope. */
export const errorEnvelope =
  (log: Logger) =>
  async (ctx: Context, next: Next): Promise<void> => {
    try {
      await next();
      await represent(ctx);
      if (ctx.respond === false || ctx.body != null) return;
      // The router answers 501 for a method that no route takes, and 405 with the methods that this path takes.
      if (ctx.status === 405 || ctx.status === 501) {
        if (ctx.response.get('Allow') !== '') {
          throw new ApiError('METHOD_NOT_ALLOWED', `${ctx.path} does not take ${ctx.method}.`);
        }
        ctx.remove('Allow');
        throw notFound(ctx);
      }
      if (ctx.status === 404) throw notFound(ctx);
    } catch (error) {
      const refusal = refusalOf(error);
      // A refusal that we chose (a killed key, a full queue) is in the line of its request.
      const isFault = refusal.status >= 500 && (refusal !== error || refusal.cause !== undefined);
      if (isFault) log.error({ err: error, requestId: ctx.state.requestId }, 'request failed');
      ctx.status = refusal.status;
      for (const name of ['ETag', 'Location', 'Last-Modified']) ctx.remove(name);
      ctx.set({ 'Cache-Control': 'no-store', ...refusal.headers });
      ctx.body = {
        error: {
          code: refusal.code,
          message: refusal.message,
          requestId: ctx.state.requestId,
          ...(refusal.details === undefined ? {} : { details: refusal.details }),
        },
      };
      await represent(ctx);
    }
  };

const notFound = (ctx: Context) => new ApiError('NOT_FOUND', `There is no ${ctx.method} ${ctx.path}.`);

function refusalOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (isUnavailable(error) || error instanceof StorageUnavailable) {
    return new ApiError('UNAVAILABLE', 'The service cannot answer now; try again shortly.', {
      headers: { 'Retry-After': '1' },
      cause: error,
    });
  }
  return new ApiError('INTERNAL', 'The service failed; it has been logged.', { cause: error });
}
