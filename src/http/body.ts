import type { Context } from 'koa';
import rawBody from 'raw-body';
import { ApiError, invalid } from '../domain/errors.ts';

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
  const bytes = await readBytes(ctx, { maxMegabytes: 1, brokenOff: notJson });
  if (bytes.length === 0) throw notJson('is required, as JSON');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw notJson('is not JSON in UTF-8');
  }
}

interface ExpectedBytes {
  maxMegabytes: number;
  /** Makes the error for a body that is not there whole. */
  brokenOff: (message: string) => ApiError;
}

/** Reads a body as it stands. Throws `UNSUPPORTED_MEDIA_TYPE` for one that is compressed, and `PAYLOAD_TOO_LARGE`. */
export async function readBytes(ctx: Context, { maxMegabytes, brokenOff }: ExpectedBytes): Promise<Uint8Array> {
  if (!['', 'identity'].includes(ctx.get('Content-Encoding'))) {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed.');
  }
  const length = ctx.get('Content-Length');
  const limit = maxMegabytes * 1024 * 1024;
  try {
    return await rawBody(ctx.req, { limit, length: length === '' ? null : length });
  } catch (error) {
    // By [raw-body's type](https://github.com/stream-utils/raw-body#errors) of it.
    switch ((error as { type?: string }).type) {
      case 'entity.too.large':
        // The rest of the body is not read, so the connection cannot carry another request.
        throw new ApiError('PAYLOAD_TOO_LARGE', `The body must be at most ${String(maxMegabytes)} MB.`, {
          headers: { Connection: 'close' },
        });
      case 'request.size.invalid':
      case 'request.aborted':
      case 'stream.not.readable': // aborted before this began to read
        throw brokenOff('ended before its Content-Length');
      default:
        throw error;
    }
  }
}

const notJson = (message: string) => invalid([{ path: 'body', message, keyword: 'json' }], 400);
