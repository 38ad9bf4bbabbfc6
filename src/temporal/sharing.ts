/**
 * Makes one call for many: while one is under way, those that come share the next one, so that many changes share a commit. Each is told
 * what became of the call that it was in.
 */
export function sharing<Item>(act: (items: readonly Item[]) => Promise<void>): (item: Item) => Promise<void> {
  let next: { items: Item[]; done: Promise<void> } | undefined;
  let underWay = Promise.resolve();
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
