// Dials a receiver: the one place where a name becomes an address. What is looked at is what is dialled, so that a name which
// is public when it is looked up and private when it is dialled gets nowhere.

import { isIP, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import { isPublicAddress } from './public-address.ts';
import type { Resolve } from './system-resolve.ts';
import { isLocalhost, type UrlRules } from './webhook-url.ts';

/** Dials one address, for at most `timeoutMs`. */
export type Dial = (options: buildConnector.Options & { timeoutMs: number }, callback: buildConnector.Callback) => void;

type Rules = UrlRules & { resolve: Resolve; dial: Dial };

export class AddressNotAllowedError extends Error {
  override readonly name = 'AddressNotAllowedError';
}

export class NameNotFoundError extends Error {
  override readonly name = 'NameNotFoundError';
}

/** How long the addresses of a receiver may be dialled, all in all. */
const connectTimeoutMs = 5_000;
const maxAddresses = 4;

/** Makes a `Dial`; `ca` is whom to trust instead of the system's authorities. */
export const dialWith =
  (tls: { ca?: string } = {}): Dial =>
  ({ timeoutMs, ...options }, callback) => {
    // No sessions are kept: a receiver's is not to be resumed by another one that has its name.
    buildConnector({ ...tls, timeout: timeoutMs, maxCachedSessions: 0 })(options, callback);
  };

/** Makes a connector for undici that dials public addresses alone. */
export function guardedDialler(rules: Rules): buildConnector.connector {
  return (options, callback) => {
    addressesOf(options.hostname, rules)
      .then((addresses) => dialInTurn(addresses, options, rules.dial))
      .then(
        (socket) => {
          callback(null, socket);
        },
        (error: unknown) => {
          callback(error as Error, null);
        },
      )
      .catch(() => undefined); // a fault of undici's own: the attempt ends in its time, not the process
  };
}

async function addressesOf(host: string, { allowsLocalhost, resolve }: Rules): Promise<readonly string[]> {
  if (allowsLocalhost && host === 'localhost') return ['127.0.0.1', '::1'];
  const addresses = isIP(host) === 0 ? await found(resolve, host) : [host];
  const isAllowed = allowsLocalhost && isLocalhost(host) ? isLocalhost : isPublicAddress;
  // One that leads inside makes the others suspect.
  if (addresses.length === 0 || !addresses.every(isAllowed)) throw new AddressNotAllowedError('not a public address');
  return addresses;
}

async function found(resolve: Resolve, host: string): Promise<readonly string[]> {
  try {
    return await resolve(host);
  } catch (cause) {
    throw new NameNotFoundError('the name was not found', { cause });
  }
}

/** Dials until one answers: each has half of the time that is left, the last one all of it. Tells what the first one failed with. */
async function dialInTurn(addresses: readonly string[], options: buildConnector.Options, dial: Dial): Promise<Socket> {
  const until = performance.now() + connectTimeoutMs;
  const errors: unknown[] = [];
  const dialled = addresses.slice(0, maxAddresses);
  for (const [index, hostname] of dialled.entries()) {
    const leftMs = Math.max(1, until - performance.now());
    const timeoutMs = Math.ceil(index === dialled.length - 1 ? leftMs : leftMs / 2);
    try {
      return await connected(dial, { ...options, hostname, timeoutMs }); // `host` stays: TLS is with the name
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors[0];
}

/** What the dialler throws is a failure like one that it tells. */
const connected = (dial: Dial, options: Parameters<Dial>[0]): Promise<Socket> =>
  new Promise((resolve, reject) => {
    dial(options, (...[error, socket]) => {
      if (error === null) resolve(socket);
      else reject(error);
    });
  });
