import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Storage } from './storage.ts';

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

/** Keeps objects as files below a folder, by their key. */
export function fileStorage(folder: string): Storage {
  const fileOf = (key: string) => path.join(folder, ...key.split('/'));

  return {
    async put(key, bytes) {
      const file = fileOf(key);
      const isThere = await stat(file).then(
        () => true,
        (error: unknown) => {
          if (isMissing(error)) return false;
          throw error;
        },
      );
      if (isThere) return;
      const directory = path.dirname(file);
      await mkdir(directory, { recursive: true });
      // Written aside and renamed, so that a name never stands for half a file.
      const aside = path.join(directory, `.${randomUUID()}`);
      try {
        const handle = await open(aside, 'wx', 0o640);
        await handle
          .writeFile(bytes)
          .then(() => handle.sync())
          .finally(() => handle.close());
        await rename(aside, file);
      } catch (error) {
        await unlink(aside).catch(() => undefined); // what went wrong before matters more
        throw error;
      }
      await syncFolder(directory);
    },
    get: (key) => readFile(fileOf(key)),
  };
}
