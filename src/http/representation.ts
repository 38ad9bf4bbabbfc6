// How a reply is written: JSON, compressed where the caller takes it and it is worth it, with an ETag for each coding
// (RFC 9110, 8.8.3.3), and 304 for a caller that has it.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context } from 'koa';

const gzipped = promisify(gzip);
const compressFromBytes = 1024;
const kept = new WeakMap<Buffer, Promise<Buffer>>();

/** Compresses a body, one that is sent again and again once. */
function compress(body: string | Buffer): Promise<Buffer> {
  if (typeof body === 'string') return gzipped(body);
  const compressed = kept.get(body) ?? gzipped(body);
  kept.set(body, compressed);
  return compressed;
}

/** Writes the body that was given as a value, a text or bytes. Streams, and what writes its response itself, stay as they are. */
export async function represent(ctx: Context): Promise<void> {
  const { body } = ctx as { body: unknown };
  if (ctx.respond === false || body == null || body === '') return;
  const isWritten = typeof body === 'string' || Buffer.isBuffer(body);
  if (!isWritten && ctx.response.is('json') === false) return;
  const written = isWritten ? body : JSON.stringify(body);
  ctx.vary('Accept-Encoding');
  const isCompressed =
    Buffer.byteLength(written) >= compressFromBytes && ctx.acceptsEncodings('gzip', 'identity') === 'gzip';

  const etag = ctx.res.getHeader('ETag');
  if (typeof etag === 'string') {
    const [own] = codingsOf(etag, isCompressed);
    const held = heldEtag(ctx, etag, isCompressed);
    if (held !== null && ctx.status === 200 && (ctx.method === 'GET' || ctx.method === 'HEAD')) {
      ctx.set('ETag', held);
      ctx.status = 304;
      return;
    }
    ctx.set('ETag', own);
  }
  if (!isCompressed) {
    ctx.body = written;
    return;
  }
  ctx.body = await compress(written);
  ctx.set('Content-Encoding', 'gzip');
}

/** A body's ETags, one for each coding: the one in which it would be sent, and the other. */
function codingsOf(etag: string, isCompressed: boolean): [own: string, other: string] {
  const compressedOne = etag.replace(/"$/, '-gzip"');
  return isCompressed ? [compressedOne, etag] : [etag, compressedOne];
}

/**
 * Tells which of the body's ETags the caller has ([RFC 9110, 13.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2)); null
 * for none. Koa's own `fresh` would not do: it ignores the validator when the request says `Cache-Control: no-cache`, which fetch
 * always does.
 */
export function heldEtag(ctx: Context, etag: string, isCompressed = false): string | null {
  const [own, other] = codingsOf(etag, isCompressed);
  const sent = etagsIn(ctx.get('If-None-Match'));
  if (sent.includes(own) || sent.includes('*')) return own;
  return sent.includes(other) ? other : null;
}

/** The entity tags of a header, weak ones as if they were strong; `*` among them. */
export const etagsIn = (header: string): string[] =>
  header
    .split(',')
    .map((one) => one.trim().replace(/^W\//, ''))
    .filter((one) => one !== '');
