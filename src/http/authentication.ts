import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import { ApiError } from '../domain/errors.ts';
import { findApiKey, insertApiKey, type NewApiKey, type Principal } from '../db/organizations.ts';
import type { Trx } from '../db/database.ts';
import { allows, type Scope } from '../domain/scopes.ts';

const base32 = 'abcdefghijklmnopqrstuvwxyz234567';
const keyForm = /^lp_(live|test)_([a-z2-7]{16})_([A-Za-z0-9_-]{43})$/;

/** What is stored of a secret. It has 256 random bits, so that no slow hash is needed to protect it. */
const secretHash = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Makes an API key and gives it whole, this once: only the hash of its secret is stored. */
export async function createApiKey(database: Trx, key: Omit<NewApiKey, 'lookup' | 'secretSha256'>): Promise<string> {
  const lookup = [...randomBytes(16)].map((byte) => base32.charAt(byte % 32)).join('');
  const secret = randomBytes(32).toString('base64url');
  await insertApiKey(database, { ...key, lookup, secretSha256: secretHash(secret) });
  return `lp_${key.environment}_${lookup}_${secret}`;
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

/** Finds who calls. Throws `UNAUTHENTICATED`, with one message for a key that is malformed, unknown or has another secret. */
export async function authenticate(ctx: Context, database: Trx): Promise<Principal> {
  const [, environment, lookup, secret] = keyForm.exec(keyOf(ctx)) ?? [];
  if (lookup === undefined || secret === undefined) throw unauthenticated('The API key is not valid.');
  const key = await findApiKey(database, lookup);
  // Compared also where there is no such key, so that the time taken does not tell whether there is one.
  const isSecret = timingSafeEqual(secretHash(secret), key?.secretSha256 ?? secretHash(''));
  if (key === undefined || !isSecret || key.environment !== environment)
    throw unauthenticated('The API key is not valid.');
  const { secretSha256: _, ...principal } = key;
  return principal;
}

/** Throws `FORBIDDEN_SCOPE`, naming the scope, for a key that lacks it. */
export function authorize(principal: Principal, required: Scope): void {
  if (allows(principal.scopes, required)) return;
  throw new ApiError('FORBIDDEN_SCOPE', `The API key lacks the scope ${required}.`, { details: { required } });
}
