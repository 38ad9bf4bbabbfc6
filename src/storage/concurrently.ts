/** Does something with each of many things, at most `limit` at a time; throws the first failure, once nothing is under way. */
export async function concurrently<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const lanes = Array.from({ length: limit }, async () => {
    for (const item of left) await work(item);
  });
  await Promise.allSettled(lanes);
  await Promise.all(lanes);
}
