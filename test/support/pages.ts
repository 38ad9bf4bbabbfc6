import assert from 'node:assert/strict';
import type { Reply } from './api.ts';

/** Reads a list to its end, page by page, and gives the items; `between` happens after each page. */
export async function everyPage<Item>(
  read: (query: string) => Promise<Reply>,
  { limit, filters = '', between }: { limit: number; filters?: string; between?: () => Promise<unknown> },
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor = '';
  for (;;) {
    const reply = await read(`?limit=${String(limit)}${filters}${cursor}`);
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    const page = reply.body as { items: Item[]; nextCursor: string | null };
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    assert.equal(page.items.length, limit, 'a page that is not the last one is full');
    cursor = `&cursor=${page.nextCursor}`;
    await between?.();
  }
}
