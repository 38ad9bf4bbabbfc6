import { randomUUID } from 'node:crypto';
import { mkdir, open, type FileHandle, readdir, readFile, rename, rmdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Storage } from './storage.ts';

const maxTries = 20;

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Opens a new file aside in a folder, and makes the folder; again where a removal took that away in between, since it was empty. */
async function openAside(directory: string): Promise<{ aside: string; handle: FileHandle }> {
  const aside = path.join(directory, `.${randomUUID()}`);
  for (let tries = 1; ; tries++) {
    try {
      await mkdir(directory, { recursive: true });
      return { aside, handle: await open(aside, 'wx', 0o640) };
    } catch (error) {
      if (!isMissing(error) || tries === maxTries) throw error;
    }
  }
}

/** Bytes that have come and are not an object yet. */
interface ReceivedBytes {
  /** Makes them the object, in place of one that is there; once this resolves it survives a crash. */
  keep: () => Promise<void>;
  discard: () => Promise<void>;
}

/** Where the API itself takes the bytes of uploads. */
export interface UploadPlace {
  /** Writes a stream aside, whole; rejects, and leaves nothing, when it breaks off. */
  receive: (key: string, bytes: Readable) => Promise<ReceivedBytes>;
}

/** Keeps objects as files below a folder, by their key. */
export function fileStorage(folder: string): Storage & UploadPlace {
  const fileOf = (key: string) => path.join(folder, ...key.split('/'));

  /** Removes the folders above a file that are empty now. */
  const prune = async (file: string): Promise<void> => {
    for (let above = path.dirname(file); above.startsWith(folder + path.sep); above = path.dirname(above)) {
      try {
        await rmdir(above);
      } catch {
        return; // something is in it, or it is gone already
      }
    }
  };

  return {
    async put(key, bytes) {
      const file = fileOf(key);
      if (await exists(file)) return;
      const directory = path.dirname(file);
      // Written aside and renamed, so that a name never stands for half a file.
      const { aside, handle } = await openAside(directory);
      try {
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
    has: (key) => exists(fileOf(key)),
    async remove(key) {
      const file = fileOf(key);
      await unlink(file).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
      await prune(file);
    },
    async list(below) {
      const entries = await readdir(fileOf(below), { recursive: true, withFileTypes: true }).catch((error: unknown) => {
        if (isMissing(error)) return [];
        throw error;
      });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
    },
    async receive(key, bytes) {
      const file = fileOf(key);
      const directory = path.dirname(file);
      const { aside, handle } = await openAside(directory);
      const discard = async () => {
        await unlink(aside);
        await prune(aside);
      };
      try {
        await pipeline(bytes, handle.createWriteStream({ flush: true }));
      } catch (error) {
        await discard().catch(() => undefined); // what went wrong before matters more
        throw error;
      }
      return {
        discard,
        async keep() {
          await rename(aside, file);
          await syncFolder(directory);
        },
      };
    },
  };
}
