// Pictures are private: a URL carries until when it opens, signed. The first signing key signs, all of them verify, so that
// keys can be rotated while URLs are out.

import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SigningKey {
  id: string;
  secret: string;
}

const hourMs = 3_600_000;

/** The number of the hour that signed URLs are made in: as long as it stays, so do they. */
export const hourOf = (now: Date): number => Math.floor(now.getTime() / hourMs);

export interface SignedUrls {
  /** The URL that opens an object until the next full hour but one, so for one to two hours. */
  urlOf: (key: string, now: Date) => string;
  /** Tells until when a URL's query opens an object; null when it does not (any more). */
  expiryOf: (key: string, query: URLSearchParams, now: Date) => Date | null;
}

export function signedUrls(publicUrl: string, signingKeys: readonly [SigningKey, ...SigningKey[]]): SignedUrls {
  const signatureOf = (secret: string, key: string, expires: string) =>
    createHmac('sha256', secret).update(`${key}\n${expires}`).digest();

  return {
    urlOf(key, now) {
      const [signer] = signingKeys;
      const expires = String(((hourOf(now) + 2) * hourMs) / 1000);
      const query = new URLSearchParams({
        expires,
        key: signer.id,
        signature: signatureOf(signer.secret, key, expires).toString('base64url'),
      });
      return `${publicUrl}/files/${key}?${query.toString()}`;
    },
    expiryOf(key, query, now) {
      const expires = query.get('expires') ?? '';
      const signer = signingKeys.find(({ id }) => id === query.get('key'));
      if (signer === undefined || !/^\d{1,12}$/.test(expires)) return null;
      const expected = signatureOf(signer.secret, key, expires);
      const given = Buffer.from(query.get('signature') ?? '', 'base64url');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
      const expiresAt = new Date(Number(expires) * 1000);
      return expiresAt > now ? expiresAt : null;
    },
  };
}
