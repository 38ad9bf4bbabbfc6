import assert from 'node:assert/strict';
import { ApiError } from '../../src/domain/errors.ts';
import { pageOf, signedCursors } from '../../src/http/cursors.ts';
import type { SigningKey } from '../../src/storage/signed-urls.ts';

const key = (id: string): SigningKey => ({ id, secret: `the secret of ${id}, which is long enough` });
const last = { at: new Date('2026-01-31T12:00:00.123Z'), id: '0189d3c2-1111-7222-8333-444455556666' };
const list = { jobs: 'of mine', status: ['running'], q: undefined };

describe('a cursor', () => {
  const cursors = signedCursors([key('new')]);
  const isRefused = (read: () => unknown) => {
    assert.throws(read, (error: unknown) => error instanceof ApiError && error.code === 'VALIDATION');
  };

  it('leads behind the item that it was made for, in the same list, whatever the order of its filters', () => {
    const cursor = cursors.after(list, last);
    assert.match(cursor, /^[\w-]+$/);
    assert.deepEqual(cursors.read({ status: ['running'], jobs: 'of mine' }, cursor), last);
  });

  it('may be left out', () => {
    assert.equal(cursors.read(list, undefined), null);
  });

  it('is refused for another list, with other filters, changed in any letter, or made up', () => {
    const cursor = cursors.after(list, last);
    isRefused(() => cursors.read({ ...list, jobs: 'of others' }, cursor));
    isRefused(() => cursors.read({ ...list, status: ['failed'] }, cursor));
    isRefused(() => cursors.read({ ...list, more: 1 }, cursor));
    for (let i = 0; i < cursor.length - 1; i++) {
      const changed = `${cursor.slice(0, i)}${cursor.charAt(i) === 'A' ? 'B' : 'A'}${cursor.slice(i + 1)}`;
      isRefused(() => cursors.read(list, changed));
    }
    for (const made of ['', 'x', 'é', '0'.repeat(512), Buffer.from('[]').toString('base64url')]) {
      isRefused(() => cursors.read(list, made));
    }
  });

  it('is read with every signing key, and made with the first', () => {
    const rotated = signedCursors([key('newest'), key('new')]);
    assert.deepEqual(rotated.read(list, cursors.after(list, last)), last);
    isRefused(() => cursors.read(list, rotated.after(list, last)));
  });
});

describe('a page', () => {
  const page = (rows: number[]) =>
    pageOf(rows, { limit: 2, itemOf: (row) => `item ${String(row)}`, cursorOf: (row) => `after ${String(row)}` });

  it('has a cursor behind its last item where more was read than it takes', () => {
    assert.deepEqual(page([1, 2, 3]), { items: ['item 1', 'item 2'], nextCursor: 'after 2' });
  });

  it('has none where that was all', () => {
    assert.deepEqual(page([1, 2]), { items: ['item 1', 'item 2'], nextCursor: null });
    assert.deepEqual(page([]), { items: [], nextCursor: null });
  });
});
