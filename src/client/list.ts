export interface Page<Item> {
  items: Item[];
  /** Null on the last page. */
  nextCursor: string | null;
}

/** All items of a list, fetched page by page as they are taken: `for await (const item of list)`. */
export interface List<Item> extends AsyncIterable<Item> {
  /** One page, for those who show pages: the first one, or the one that begins at the `nextCursor` of the page before. */
  page: (cursor?: string) => Promise<Page<Item>>;
}

export function listOf<Item>(page: List<Item>['page']): List<Item> {
  return {
    page,
    async *[Symbol.asyncIterator]() {
      for (let { items, nextCursor } = await page(); ; { items, nextCursor } = await page(nextCursor)) {
        yield* items;
        if (nextCursor === null) return;
      }
    },
  };
}
