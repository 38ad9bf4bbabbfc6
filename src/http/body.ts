import type { Context } from 'koa';
import rawBody from 'raw-body';
import { ApiError, invalid } from '../domain/errors.ts';

const maxBytes = 1024 * 1024;

/**
 * Reads a JSON body of at most 1 MB; undefined when it is empty and may be. Throws `UNSUPPORTED_MEDIA_TYPE`, `PAYLOAD_TOO_LARGE`, or `VALIDATION` with status 400 for
 * a body that is empty or not JSON in UTF-8.
 */
export async function readJson(ctx: Context, isOptional: boolean): Promise<unknown> {
  const length = ctx.get('Content-Length');
  const isEmpty = length === '0' || (length === '' && ctx.get('Transfer-Encoding') === '');
  if (isEmpty && isOptional) return undefined;
  if (isEmpty) throw notJson('is required, as JSON');
  const { charset, type } = ctx.request;
  if (type.toLowerCase() !== 'application/json' || !['', 'utf-8', 'utf8'].includes(charset.toLowerCase())) {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json in UTF-8.');
  }
  if (!['', 'identity'].includes(ctx.get('Content-Encoding'))) {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed.');
  }
  const bytes = await rawBody(ctx.req, { limit: maxBytes, length: length === '' ? null : length }).catch(
    (error: unknown) => {
      throw bodyError(error);
    },
  );
  if (bytes.length === 0) throw notJson('is required, as JSON');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw notJson('is not JSON in UTF-8');
  }
}

const notJson = (message: string) => invalid([{ path: 'body', message, keyword: 'json' }], 400);

/** [raw-body's errors](https://github.com/stream-utils/raw-body#errors) by their type. */
function bodyError(error: unknown): unknown {
  switch ((error as { type?: string }).type) {
    case 'entity.too.large':
      // The rest of the body is not read, so the connection cannot carry another request.
      return new ApiError('PAYLOAD_TOO_LARGE', 'The body must be at most 1 MB.', { headers: { Connection: 'close' } });
    case 'request.size.invalid':
    case 'request.aborted':
    case 'stream.not.readable': // aborted before this began to read
      return notJson('ended before its Content-Length');
    default:
      return error;
  }
}
