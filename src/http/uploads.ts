import type { Context, Next } from 'koa';
import type { Knex } from 'knex';
import { findUploadState, holdUploadState, type UploadState } from '../db/uploads.ts';
import { ApiError, invalid, type ValidationIssue } from '../domain/errors.ts';
import { mediaLimits } from '../domain/media.ts';
import type { UploadPlace } from '../storage/file-storage.ts';
import type { PromisedUpload } from '../storage/storage.ts';
import type { UploadUrls } from '../storage/upload-urls.ts';

const prefix = '/uploads/';

interface UploadParts {
  place: UploadPlace;
  urls: UploadUrls;
  database: Knex;
  now: () => Date;
}

/** Takes the bytes of an upload from whoever holds its URL, as often as they come, until the upload is finalized. */
export const uploadRoutes =
  ({ place, urls, database, now }: UploadParts) =>
  async (ctx: Context, next: Next): Promise<void> => {
    if (!ctx.path.startsWith(prefix)) {
      await next();
      return;
    }
    if (ctx.method !== 'PUT') {
      ctx.set('Allow', 'PUT');
      throw new ApiError('METHOD_NOT_ALLOWED', `${ctx.path} does not take ${ctx.method}.`);
    }
    const key = ctx.path.slice(prefix.length);
    const promised = urls.promiseOf(key, new URLSearchParams(ctx.querystring), now());
    // One answer for what is not there and for what may not be done.
    if (promised === null) throw notFound();
    checkHeaders(ctx, promised);
    requireOpen(await findUploadState(database, key));

    const received = await place.receive(key, ctx.req).catch((error: unknown) => {
      throw hasBrokenOff(error) ? brokenOff(error) : error;
    });
    try {
      // The row is held, so that the bytes do not change any more once it is finalized.
      await database.transaction(async (trx) => {
        requireOpen(await holdUploadState(trx, key));
        await received.keep();
      });
    } catch (error) {
      await received.discard().catch(() => undefined); // what went wrong before matters more
      throw error;
    }
    ctx.set('Cache-Control', 'no-store');
    ctx.status = 204;
  };

/** Whether it was the caller's connection that ended, and not the storage that failed. */
const hasBrokenOff = (error: unknown): boolean =>
  ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes((error as NodeJS.ErrnoException).code ?? '');

const notFound = () => new ApiError('NOT_FOUND', 'The URL is not valid, or has expired; ask for another one.');

function requireOpen(state: UploadState | undefined): void {
  if (state === undefined) throw notFound();
  if (state === 'finalized')
    throw new ApiError('CONFLICT', 'The upload is finalized: its bytes cannot change any more.');
}

/** Refuses, before anything is read, what is not what was promised. */
function checkHeaders(ctx: Context, { mimeType, sizeBytes }: PromisedUpload): void {
  if (ctx.get('Content-Type').trim().toLowerCase() !== mimeType) {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', `The Content-Type must be ${mimeType}, as it was presigned.`);
  }
  if (!['', 'identity'].includes(ctx.get('Content-Encoding'))) {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed.');
  }
  const length = ctx.get('Content-Length');
  if (!/^\d{1,15}$/.test(length) || Number(length) === 0)
    throw refusedLength('must say how many bytes come', 'required');
  if (Number(length) > mediaLimits.uploadBytes) {
    // What comes is not read, so the connection cannot carry another request.
    throw new ApiError('PAYLOAD_TOO_LARGE', 'The file must be at most 20 MB.', { headers: { Connection: 'close' } });
  }
  if (sizeBytes !== null && Number(length) !== sizeBytes) {
    throw refusedLength(`must be ${String(sizeBytes)}, as it was presigned`, 'const');
  }
}

const refusedLength = (message: string, keyword: string) =>
  headerIssue({ path: 'header.Content-Length', message, keyword });

const headerIssue = (issue: ValidationIssue) => invalid([issue]);

const brokenOff = (cause: unknown) =>
  new ApiError('VALIDATION', 'The body ended before its Content-Length.', {
    status: 400,
    cause,
    details: { issues: [{ path: 'body', message: 'ended before its Content-Length', keyword: 'length' }] },
  });
