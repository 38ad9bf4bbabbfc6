/**
 * Makes one statement for many: while one is under way, those that come share the next one. Whoever asks is told what the statement gave
 * that he was in, or throws what it threw; it began after he asked.
 */
export function sharing<Item, Result>(
  act: (items: readonly Item[]) => Promise<Result>,
): (item: Item) => Promise<Result> {
  let next: { items: Item[]; done: Promise<Result> } | undefined;
  let underWay: Promise<unknown> = Promise.resolve();
  const begin = () => {
    const items: Item[] = [];
    const done = underWay.then(() => {
      next = undefined;
      return act(items);
    });
    underWay = done.catch(() => undefined); // those that were in it are told
    return { items, done };
  };
  return (item) => {
    next ??= begin();
    next.items.push(item);
    return next.done;
  };
}
