// `Prefer: wait=N` ([RFC 7240](https://www.rfc-editor.org/rfc/rfc7240)): the caller lets the answer wait for what it is after.

import type { Context } from 'koa';
import { heldEtag } from './representation.ts';

export interface Wait {
  withinMs: number;
  /** Whether the caller has the version of this ETag, without quotes; null where it did not say what it has. */
  holds: ((etag: string) => boolean) | null;
  /** Aborted when the caller goes away. */
  signal: AbortSignal;
}

const longestS = 60;

/** How a caller lets the answer wait; null where it does not. */
export function waitOf(ctx: Context): Wait | null {
  const seconds = waitIn(ctx.get('Prefer'));
  if (seconds === null) return null;
  const gone = new AbortController();
  // Also after an answer, when nobody listens any more.
  ctx.res.once('close', () => {
    gone.abort();
  });
  if (ctx.res.destroyed) gone.abort();
  return {
    withinMs: seconds * 1000,
    holds: ctx.get('If-None-Match') === '' ? null : (etag) => heldEtag(ctx, `"${etag}"`) !== null,
    signal: gone.signal,
  };
}

/**
 * The seconds that a `Prefer` header lets an answer wait, 60 at most; null without that preference, or where it is malformed. Of
 * one that comes twice the first counts.
 */
export function waitIn(header: string): number | null {
  const first = piecesOf(header, ',')
    .map((preference) => /^([^=]*)(?:=(.*))?$/s.exec(piecesOf(preference, ';')[0] ?? ''))
    .find((parts) => parts?.[1]?.trim().toLowerCase() === 'wait');
  const [, value = ''] = /^("?)(\d+)\1$/.exec((first?.[2] ?? '').trim())?.slice(1) ?? [];
  return value === '' ? null : Math.min(longestS, Number(value));
}

/** Splits at what separates, outside of quotes. A quote that does not end quotes the rest: each letter is looked at once. */
const piecesOf = (text: string, separator: ',' | ';'): string[] => {
  const pieces = [''];
  for (const [one] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[^",;]+|./gs)) {
    if (one === separator) pieces.push('');
    else pieces.push(`${pieces.pop() ?? ''}${one}`);
  }
  return pieces;
};
