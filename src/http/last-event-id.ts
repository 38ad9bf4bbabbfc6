import type { Context } from 'koa';
import { invalid } from '../domain/errors.ts';

/** Up to which event the reader of a stream has it; throws `VALIDATION` where that is no number. */
export function lastEventIdIn(ctx: Context): number | null {
  const { 'last-event-id': header } = ctx.headers;
  if (header === undefined) return null;
  if (typeof header === 'string' && /^\d+$/.test(header)) return Math.min(Number(header), Number.MAX_SAFE_INTEGER);
  throw invalid([{ path: 'header.Last-Event-ID', message: 'must be the id of an event', keyword: 'pattern' }]);
}
