/** Waits for all, also when one fails, so that nothing is still under way; then throws the first failure. */
export async function all<Starts extends readonly Promise<unknown>[]>(
  starts: readonly [...Starts],
): Promise<{ -readonly [Index in keyof Starts]: Awaited<Starts[Index]> }> {
  await Promise.allSettled(starts);
  return Promise.all(starts);
}
