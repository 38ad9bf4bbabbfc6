// How a renderer that is a program of its own is known: by the MAC of one drawing, which opens that one and no other, for minutes.
// Both sides make them; the first key signs, all verify, so that keys can be rotated.

import { createHmac, timingSafeEqual } from 'node:crypto';

interface DrawerKey {
  id: string;
  secret: string;
}

/** A drawing as its path names it, whether it is there or not. */
interface NamedDrawing {
  jobId: string;
  attempt: string;
  shot: string;
}

/** What a token allows: to begin a drawing and read what it is of, or to put its picture. */
type Allowed = 'draw' | 'upload';

/** How far ahead the end of a token may be, in seconds: one that leaks is of no use for long. */
const longestS: Readonly<Record<Allowed, number>> = { draw: 300, upload: 900 };

export interface DrawerTokens {
  /** Makes a token, `EXPIRES.KEYID.MAC`, that holds for as long as one may. */
  make: (allowed: Allowed, drawing: NamedDrawing, now: Date) => string;
  /** Tells whether a token allows this for this drawing, now. */
  allows: (token: string, allowed: Allowed, drawing: NamedDrawing, now: Date) => boolean;
}

export function drawerTokens(keys: readonly [DrawerKey, ...DrawerKey[]]): DrawerTokens {
  const macOf = (secret: string, allowed: Allowed, { jobId, attempt, shot }: NamedDrawing, expires: string): Buffer =>
    createHmac('sha256', secret).update([allowed, jobId, attempt, shot, expires].join(' ')).digest();

  return {
    make(allowed, drawing, now) {
      const [signer] = keys;
      const expires = String(Math.floor(now.getTime() / 1000) + longestS[allowed]);
      return `${expires}.${signer.id}.${macOf(signer.secret, allowed, drawing, expires).toString('hex')}`;
    },
    allows(token, allowed, drawing, now) {
      const [, expires, keyId, mac] = /^(\d{1,12})\.([A-Za-z0-9_-]+)\.([0-9a-f]{64})$/.exec(token) ?? [];
      const signer = keys.find(({ id }) => id === keyId);
      if (expires === undefined || mac === undefined || signer === undefined) return false;
      if (!timingSafeEqual(Buffer.from(mac, 'hex'), macOf(signer.secret, allowed, drawing, expires))) return false;
      const leftS = Number(expires) - now.getTime() / 1000;
      return leftS > 0 && leftS <= longestS[allowed];
    },
  };
}
