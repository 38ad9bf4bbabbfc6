// Limits that hold across all API processes. A process takes a key's allowance of a minute from Postgres in small blocks, so
// that most requests cost no round trip; a block that it does not use up is lost to the others for the rest of the minute,
// which is why blocks shrink as the allowance runs out.

import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from 'koa';
import type { Trx } from '../db/database.ts';
import type { Principal } from '../db/api-keys.ts';
import { takeFromWindow } from '../db/rate-windows.ts';
import { ApiError } from '../domain/errors.ts';
import { rateLimits, type RateClass } from '../domain/scopes.ts';
import { networkOf } from './network.ts';

interface Lease {
  /** Of the block that was taken last. */
  left: number;
  /** Of the whole allowance, as Postgres had it then. */
  used: number;
  endsAt: number;
  /** How many calls this process has refused. */
  refused: number;
}

const failuresAMinute = 20;
/** How long, on average, the refusal waits of a call beyond as many refused ones as are allowed in a minute. */
const heedlessMs = 250;
/** A block is this part of what is left of the minute's allowance, and one call at least. */
const blocksInRest = 20;

const limited = (message: string, retryAfterS: number, limit: string) =>
  new ApiError('RATE_LIMITED', message, { headers: { 'Retry-After': String(retryAfterS) }, details: { limit } });

const guessed = (retryAfterS: number) =>
  limited('Too many failed authentications from this address.', retryAfterS, 'failed_authentications');

export interface RateLimits {
  /** Counts a call and says so in its headers; throws `RATE_LIMITED` when the key has used up the minute's. */
  count: (ctx: Context, principal: Principal, rateClass: RateClass) => Promise<void>;
  /** Throws `RATE_LIMITED` for an address that failed to authenticate too often in this minute. */
  refuseGuesser: (ctx: Context) => void;
  /** Counts a failed authentication; throws `RATE_LIMITED` when there were too many before it, at any process. */
  countFailure: (ctx: Context) => Promise<void>;
}

/** `now` is a clock in ms that never goes back; the minutes are Postgres's. */
export function rateLimiting(database: Trx, { now = () => performance.now() } = {}): RateLimits {
  const leases = new Map<string, Promise<Lease>>();
  const blockedUntil = new Map<string, number>();
  let sweptAt = now();

  const take = async (subject: string, limit: number, before: Lease | undefined): Promise<Lease> => {
    sweep();
    const block = Math.max(1, Math.floor((limit - (before?.used ?? 0)) / blocksInRest));
    // Counted from before the question: a lease must never reach into the next minute, which has an allowance of its own.
    const askedAt = now();
    const { used, msLeft } = await takeFromWindow(database, subject, block);
    const granted = Math.max(0, Math.min(block, limit - (used - block)));
    return { left: granted, used: Math.min(used, limit), endsAt: askedAt + msLeft, refused: before?.refused ?? 0 };
  };

  /** Spends one call of the subject's minute, unless all are spent. One lease is fetched at a time. */
  const spend = async (subject: string, limit: number): Promise<{ lease: Lease; isSpent: boolean }> => {
    for (;;) {
      const current = leases.get(subject);
      const lease = await current;
      const isOver = lease === undefined || lease.endsAt <= now();
      // From here to the return nothing else runs: two calls never spend the same one.
      if (!isOver && lease.left > 0) {
        lease.left--;
        return { lease, isSpent: true };
      }
      if (!isOver && lease.used >= limit) return { lease, isSpent: false };
      if (leases.get(subject) !== current) continue; // another call fetches the next one already
      const next = take(subject, limit, isOver ? undefined : lease);
      leases.set(subject, next);
      next.catch(() => leases.get(subject) === next && leases.delete(subject)); // whoever waits is told
    }
  };

  /** Forgets, once a minute, what counted for minutes that are over. */
  const sweep = () => {
    if (now() < sweptAt + 60_000) return;
    sweptAt = now();
    for (const [subject, lease] of leases) {
      lease.then(
        ({ endsAt }) => endsAt <= now() && leases.get(subject) === lease && leases.delete(subject),
        () => undefined, // whoever asked for it was told
      );
    }
    for (const [address, until] of blockedUntil) if (until <= now()) blockedUntil.delete(address);
  };

  const secondsTo = (moment: number) => Math.max(1, Math.ceil((moment - now()) / 1000));

  return {
    async count(ctx, principal, rateClass) {
      ctx.set('X-RateLimit-Endpoint-Class', rateClass);
      const limits = rateLimits[principal.tier];
      if (limits === null) return;
      const limit = limits[rateClass];
      const { lease, isSpent } = await spend(`key:${principal.apiKeyId}:${rateClass}`, limit);
      const seconds = secondsTo(lease.endsAt);
      const remaining = isSpent ? limit - lease.used + lease.left : 0;
      // https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (10): lists of items named by their policy
      ctx.set('RateLimit-Policy', `"${rateClass}";q=${String(limit)};w=60`);
      ctx.set('RateLimit', `"${rateClass}";r=${String(remaining)};t=${String(seconds)}`);
      if (!isSpent) {
        lease.refused++;
        // Whoever goes on all the same is answered later, and so takes less from the others.
        if (lease.refused > limit) await delay(heedlessMs * (0.5 + Math.random())); // not all in one moment
        throw limited(`This key may make ${String(limit)} ${rateClass} calls a minute.`, seconds, rateClass);
      }
    },
    refuseGuesser(ctx) {
      const until = blockedUntil.get(networkOf(ctx.ip));
      if (until !== undefined && until > now()) throw guessed(secondsTo(until));
    },
    async countFailure(ctx) {
      sweep();
      const network = networkOf(ctx.ip);
      const askedAt = now();
      const { used, msLeft } = await takeFromWindow(database, `address:${network}`, 1);
      const endsAt = askedAt + msLeft;
      if (used >= failuresAMinute) blockedUntil.set(network, endsAt);
      if (used > failuresAMinute) throw guessed(secondsTo(endsAt));
    },
  };
}
