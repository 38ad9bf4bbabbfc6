// What renderers are told that are programs of their own. They have neither the database nor the storage: for each drawing they
// ask here what it is of, by a token of minutes, and put here what they drew. Internal: no proxy leads callers to it.

import Router from '@koa/router';
import type { Context } from 'koa';
import type { Knex } from 'knex';
import { findReferenceKeys } from '../db/images.ts';
import { findDrawingOrder, findRendering } from '../db/jobs.ts';
import { startShot } from '../db/shots.ts';
import { ApiError, invalid } from '../domain/errors.ts';
import type { JobAttempt } from '../domain/job.ts';
import { imageSize, isExternal, shots, type Shot } from '../domain/shots.ts';
import type { Pictures } from '../pictures/pictures.ts';
import type { SignedUrls } from '../storage/signed-urls.ts';
import { drawingKey, thumbnailKeyOf, type Storage } from '../storage/storage.ts';
import { readBytes } from './body.ts';
import type { DrawerTokens } from './drawer-tokens.ts';

interface DrawingParts {
  tokens: DrawerTokens;
  database: Knex;
  storage: Storage;
  pictures: Pick<Pictures, 'openDrawing'>;
  urls: SignedUrls;
  now: () => Date;
}

const mimeType = 'image/webp';
const maxMegabytes = 20;
/** How many pictures of the person a drawer is told of. */
const maxReferences = 16;

/** Tells a drawer what to draw, and takes its picture, as often as either is asked, until the attempt ends. */
export function drawingRoutes({ tokens, database, storage, pictures, urls, now }: DrawingParts): Router {
  const router = new Router({ strict: true, sensitive: true });
  const path = '/internal/drawings/:jobId/:attempt/:shot';

  router.get(path, async (ctx) => {
    const named = namedIn(ctx.params);
    const [, token = ''] = /^Bearer +(\S+)$/i.exec(ctx.get('Authorization')) ?? [];
    if (!tokens.allows(token, 'draw', named, now())) throw unauthenticated();
    const drawing = await requireDrawing(database, named);
    const order = await startShot(database, drawing);
    if (order === undefined) throw attemptEnded();
    const references = await findReferenceKeys(database, drawing.jobId, maxReferences);
    const { identity, seed, renderer } = order;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = {
      ...{ identity, seed, shot: drawing.shot, renderer },
      ...{ width: imageSize, height: imageSize, mimeType },
      references: references.map((key) => ({ url: urls.urlOf(key, now()) })),
      // Where it was asked: the address that callers use does not lead here.
      upload: {
        method: 'PUT',
        url: `${ctx.protocol}://${ctx.host}${ctx.path}?token=${tokens.make('upload', named, now())}`,
      },
    };
  });

  router.put(path, async (ctx) => {
    const named = namedIn(ctx.params);
    const token = new URLSearchParams(ctx.querystring).get('token') ?? '';
    if (!tokens.allows(token, 'upload', named, now())) throw unauthenticated();
    const drawing = await requireDrawing(database, named);
    await requireRunning(database, drawing);
    const bytes = await readPicture(ctx);
    const opened = await pictures.openDrawing(bytes);
    if ('refusedBy' in opened) throw noPicture(opened.message, opened.refusedBy);

    const { organizationId } = await requireRunning(database, drawing); // it took a while to come
    const { sha256, sizeBytes } = opened;
    const key = drawingKey({ organizationId, ...drawing, sha256 });
    await storage.put(thumbnailKeyOf(key), opened.thumbnail); // first: where the picture is, it is too
    await storage.put(key, bytes);
    ctx.set('Cache-Control', 'no-store');
    ctx.status = 201;
    ctx.body = { sha256, sizeBytes };
  });

  return router;
}

interface NamedDrawing {
  jobId: string;
  attempt: string;
  shot: string;
}

const namedIn = ({ jobId = '', attempt = '', shot = '' }: Record<string, string | undefined>): NamedDrawing => ({
  jobId,
  attempt,
  shot,
});

/** Throws `NOT_FOUND` for what is no shot of a job, and `CONFLICT` where a worker of ours draws it. */
async function requireDrawing(database: Knex, named: NamedDrawing): Promise<JobAttempt & { shot: Shot }> {
  const { jobId } = named;
  const shot = shots.find((one) => one === named.shot);
  const isSpelt = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(jobId) && /^[1-9]\d{0,8}$/.test(named.attempt);
  const rendering = shot !== undefined && isSpelt ? await findRendering(database, jobId) : undefined;
  if (shot === undefined || rendering?.shots.includes(shot) !== true) {
    throw new ApiError('NOT_FOUND', 'There is no such shot of a job.');
  }
  if (!isExternal(rendering.renderer)) throw new ApiError('CONFLICT', `The job is drawn by ${rendering.renderer}.`);
  return { jobId, attempt: Number(named.attempt), shot };
}

/** Finds what a drawing is of; throws `CONFLICT` when its attempt does not run (any more). */
async function requireRunning(database: Knex, drawing: JobAttempt) {
  const order = await findDrawingOrder(database, drawing);
  if (order === undefined) throw attemptEnded();
  return order;
}

async function readPicture(ctx: Context): Promise<Uint8Array> {
  if (ctx.get('Content-Type').trim().toLowerCase() !== mimeType) {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', `The body must be ${mimeType}.`);
  }
  return readBytes(ctx, { maxMegabytes, brokenOff: (message) => noPicture(message, 'length') });
}

const noPicture = (message: string, keyword: string) => invalid([{ path: 'body', message, keyword }], 400);

// One answer for whatever is wrong with a token.
const unauthenticated = () =>
  new ApiError('UNAUTHENTICATED', 'The token is not valid for this drawing, or has expired.', {
    headers: { 'WWW-Authenticate': 'Bearer realm="doppel"' },
  });

const attemptEnded = () => new ApiError('CONFLICT', 'This attempt of the job has ended.');
