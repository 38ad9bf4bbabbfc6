// Where a list goes on. A cursor is opaque and signed, and bound to the list and filters that it came from: a made-up one, or
// one of another query, is VALIDATION.

import { invalid } from '../domain/errors.ts';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { SigningKey } from '../storage/signed-urls.ts';

/** The last item of a page: lists go by these two, newest first. */
interface Position {
  at: Date;
  id: string;
}

export interface Cursors {
  /** Makes the cursor behind `last`; `list` names the list, with its owner and filters. */
  after: (list: unknown, last: Position) => string;
  /** Reads a cursor of this list; null when there is none. Throws `VALIDATION` for any other one. */
  read: (list: unknown, cursor: string | undefined) => Position | null;
}

export function signedCursors(signingKeys: readonly [SigningKey, ...SigningKey[]]): Cursors {
  const signatureOf = (secret: string, list: unknown, position: string) =>
    createHmac('sha256', secret)
      .update(canonicalJson([list, position]))
      .digest()
      .subarray(0, 16);

  return {
    after(list, { at, id }) {
      const [{ secret }] = signingKeys;
      const position = `${at.toISOString()}/${id}`;
      return Buffer.concat([signatureOf(secret, list, position), Buffer.from(position)]).toString('base64url');
    },
    read(list, cursor) {
      if (cursor === undefined) return null;
      const bytes = Buffer.from(cursor, 'base64url');
      const [signature, position] = [bytes.subarray(0, 16), bytes.subarray(16).toString()];
      const isOurs = signingKeys.some(
        ({ secret }) => signature.length === 16 && timingSafeEqual(signature, signatureOf(secret, list, position)),
      );
      const [at = '', id = ''] = position.split('/');
      if (!isOurs) {
        const message = 'is not a cursor of this list with these filters';
        throw invalid([{ path: 'query.cursor', message, keyword: 'cursor' }]);
      }
      return { at: new Date(at), id };
    },
  };
}

/** Makes a page of what was read with one row more than `limit`: that one says that there is more. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  { limit, itemOf, cursorOf }: { limit: number; itemOf: (row: Row) => Item; cursorOf: (last: Row) => string },
): { items: Item[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(itemOf),
    nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null,
  };
}
