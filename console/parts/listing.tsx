import type { ComponentChildren } from 'preact';
import type { Listed } from '../data/lists.ts';
import { ErrorNote } from './notes.tsx';

interface Props<Item> {
  list: Listed<Item>;
  loading: ComponentChildren;
  /** Shown where there is nothing. */
  empty: ComponentChildren;
  children: (items: Item[]) => ComponentChildren;
}

/** A list in each of its states: on its way, refused, empty, or there, with a button for what comes after. */
export function Listing<Item>({ list, loading, empty, children }: Props<Item>) {
  const { items, error, isFetchingNextPage, hasNextPage } = list;
  if (items === undefined) {
    return error === null ? <>{loading}</> : <ErrorNote error={error} onRetry={() => void list.refetch()} />;
  }
  if (items.length === 0) return <>{empty}</>;
  return (
    <>
      {children(items)}
      {hasNextPage && (
        <button
          type="button"
          class="button more"
          disabled={isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {isFetchingNextPage ? 'Loading…' : 'Show more'}
        </button>
      )}
    </>
  );
}
