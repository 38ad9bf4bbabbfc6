import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import {
  findApiKey,
  holdKey,
  insertApiKey,
  type FoundKey,
  type KeyState,
  type NewApiKey,
  type Principal,
} from '../db/api-keys.ts';
import type { Trx } from '../db/database.ts';
import { ApiError } from '../domain/errors.ts';
import type { Environment } from '../domain/influencer.ts';
import { allows, type Scope } from '../domain/scopes.ts';

const base32 = 'abcdefghijklmnopqrstuvwxyz234567';
const keyForm = /^lp_(live|test)_([a-z2-7]{16})_([A-Za-z0-9_-]{43})$/;
const knownForMs = 1_000;

/** What is stored of a secret. It has 256 random bits, so that no slow hash is needed to protect it. */
const secretHash = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Makes what a new or rotated key consists of: `secret` is the key whole, to be shown once; the rest is stored. */
export function makeSecret(environment: Environment): { secret: string; lookup: string; secretSha256: Buffer } {
  const lookup = Array.from(randomBytes(16), (byte) => base32.charAt(byte % 32)).join('');
  const random = randomBytes(32).toString('base64url');
  return { secret: `lp_${environment}_${lookup}_${random}`, lookup, secretSha256: secretHash(random) };
}

/** Makes an API key and gives it whole, this once: only the hash of its secret is stored. */
export async function createApiKey(database: Trx, key: Omit<NewApiKey, 'lookup' | 'secretSha256'>): Promise<string> {
  const { secret, ...stored } = makeSecret(key.environment);
  await insertApiKey(database, { ...key, ...stored });
  return secret;
}

const unauthenticated = (message: string) =>
  new ApiError('UNAUTHENTICATED', message, { headers: { 'WWW-Authenticate': 'Bearer realm="doppel"' } });

/** The key of a request: `X-Api-Key` counts where both headers are there. */
function keyOf(ctx: Context): string {
  const header = ctx.get('X-Api-Key');
  if (header !== '') return header;
  const [, token] = /^Bearer +(\S+)$/i.exec(ctx.get('Authorization')) ?? [];
  if (token === undefined) {
    throw unauthenticated('Send an API key, as X-Api-Key or as Authorization: Bearer.');
  }
  return token;
}

export type Authenticate = (ctx: Context) => Promise<Principal>;

/**
 * Finds who calls. Throws `UNAUTHENTICATED`, with one message for a key that is malformed, unknown, has another secret, or is
 * gone, and `KILL_SWITCH` for one that was killed. What is known of a key is kept for a second at most.
 */
export function authentication(database: Trx): Authenticate {
  const known = new Map<string, Promise<FoundKey | undefined>>();
  const find = (lookup: string): Promise<FoundKey | undefined> => {
    let found = known.get(lookup);
    if (found === undefined) {
      found = findApiKey(database, lookup);
      known.set(lookup, found);
      setTimeout(() => known.delete(lookup), knownForMs).unref();
      found.catch(() => known.delete(lookup)); // whoever asked is told
    }
    return found;
  };
  return async (ctx) => {
    const [, environment, lookup, secret] = keyForm.exec(keyOf(ctx)) ?? [];
    if (lookup === undefined || secret === undefined) throw keyNotValid();
    const key = await find(lookup);
    // Compared also where there is no such key, so that the time taken does not tell whether there is one.
    const isSecret = timingSafeEqual(secretHash(secret), key?.secretSha256 ?? secretHash(''));
    if (key === undefined || !isSecret || key.environment !== environment) {
      throw keyNotValid();
    }
    const { secretSha256: _, state, ...principal } = key;
    requireLive(state);
    return principal;
  };
}

/** Throws as `authentication` does when the key has been killed or is gone since; see `holdKey`. */
export async function requireLiveKey(trx: Trx, principal: Principal): Promise<void> {
  requireLive(await holdKey(trx, principal));
}

/** Throws as `authentication` does for a key that stands like this. */
export function requireLive(state: KeyState): void {
  if (state === 'killed') throw keyKilled();
  if (state === 'gone') throw keyNotValid();
}

export const keyKilled = () => new ApiError('KILL_SWITCH', 'This API key has been killed.');
export const keyNotValid = () => unauthenticated('The API key is not valid.');

/** Throws `FORBIDDEN_SCOPE`, naming the scope, for a key that lacks it. */
export function authorize(principal: Principal, required: Scope): void {
  if (allows(principal.scopes, required)) return;
  throw new ApiError('FORBIDDEN_SCOPE', `The API key lacks the scope ${required}.`, { details: { required } });
}
