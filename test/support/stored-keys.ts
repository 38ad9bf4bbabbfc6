import type { Storage } from '../../src/storage/storage.ts';

/** The keys of all objects below a folder (`a/b/`; everywhere where it is empty), in order. */
export async function keysBelow(storage: Storage, folder: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const objects of storage.list(folder)) keys.push(...objects.map(({ key }) => key));
  return keys.sort();
}
