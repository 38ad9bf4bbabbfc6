// URLs that take the bytes of an upload: until when, of which type and how many is signed with them, so that the bytes can be
// refused before they are read.

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SigningKey } from './signed-urls.ts';
import type { PromisedUpload, UploadRequests } from './storage.ts';

export interface UploadUrls extends UploadRequests {
  /** Tells what a URL's query allows to put under a key; null when it allows nothing (any more). */
  promiseOf: (key: string, query: URLSearchParams, now: Date) => PromisedUpload | null;
}

export function uploadUrls(publicUrl: string, signingKeys: readonly [SigningKey, ...SigningKey[]]): UploadUrls {
  // Begins with a word that no other signature of these keys begins with.
  const signatureOf = (secret: string, key: string, expires: string, type: string, size: string) =>
    createHmac('sha256', secret)
      .update(JSON.stringify(['PUT', key, expires, type, size]))
      .digest();

  return {
    make({ key, mimeType, sizeBytes }, { expiresAt }) {
      const [signer] = signingKeys;
      const expires = String(Math.floor(expiresAt.getTime() / 1000));
      const size = sizeBytes === null ? '' : String(sizeBytes);
      const query = new URLSearchParams({
        expires,
        type: mimeType,
        ...(sizeBytes === null ? {} : { size }),
        key: signer.id,
        signature: signatureOf(signer.secret, key, expires, mimeType, size).toString('base64url'),
      });
      const url = `${publicUrl}/uploads/${key}?${query.toString()}`;
      return Promise.resolve({ method: 'PUT', url, headers: { 'Content-Type': mimeType }, expiresAt });
    },
    prepare: () => Promise.resolve(),
    promiseOf(key, query, now) {
      const [expires, mimeType, size] = ['expires', 'type', 'size'].map((name) => query.get(name) ?? '') as [
        string,
        string,
        string,
      ];
      const signer = signingKeys.find(({ id }) => id === query.get('key'));
      if (signer === undefined || !/^\d{1,12}$/.test(expires)) return null;
      const expected = signatureOf(signer.secret, key, expires, mimeType, size);
      const given = Buffer.from(query.get('signature') ?? '', 'base64url');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
      if (Number(expires) * 1000 <= now.getTime()) return null;
      return { key, mimeType, sizeBytes: size === '' ? null : Number(size) };
    },
  };
}
