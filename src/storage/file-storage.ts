import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { mkdir, open, type FileHandle, readdir, rename, rmdir, stat, unlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../start-error.ts';
import { ObjectMissing, ObjectTooLarge, type Storage, type StoredObject } from './storage.ts';

const maxTries = 20;
const pageSize = 1_000;

/** Whether nothing has this name: also where a file stands for one of the folders above it. */
const isMissing = (error: unknown) => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

async function statsOf(file: string): Promise<Stats | null> {
  try {
    const stats = await stat(file);
    return stats.isFile() ? stats : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Makes a file's time now; false when there is none. */
async function touch(file: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(file, now, now);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Names the files below a folder, one folder at a time, and tells which cannot be read; what goes meanwhile may be missing. */
async function* filesBelow(directory: string, tell: (unread: UnreadFolder) => void): AsyncGenerator<string> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (!isMissing(error)) tell({ directory, error });
    return [];
  });
  for (const entry of entries) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(file, tell);
    else if (entry.isFile()) yield file;
  }
}

interface UnreadFolder {
  directory: string;
  error: unknown;
}

/** What only may be ours: each organization's folder has its UUID's name. `lost+found` is the file system's own. */
const isForeign = (key: string) => key !== '' && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\/|$)/.test(key);

/** Opens a new file aside in a folder, and makes the folder; again where a removal took that away in between, since it was empty. */
async function openAside(directory: string): Promise<{ aside: string; handle: FileHandle }> {
  const aside = path.join(directory, `.${randomUUID()}`);
  for (let tries = 1; ; tries++) {
    try {
      await mkdir(directory, { recursive: true });
      return { aside, handle: await open(aside, 'wx', 0o640) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === maxTries) throw error;
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
  const keyOf = (file: string) => path.relative(folder, file).split(path.sep).join('/');

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
      const directory = path.dirname(file);
      if (await touch(file)) {
        await syncFolder(directory); // whoever wrote it may not have come to this
        return;
      }
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
    async get(key, maxBytes = Infinity) {
      const handle = await open(fileOf(key), 'r').catch((error: unknown) => {
        throw isMissing(error) ? new ObjectMissing('there is no such object', { cause: error }) : error;
      });
      try {
        const stats = await handle.stat();
        if (!stats.isFile()) throw new ObjectMissing('there is no such object');
        if (stats.size > maxBytes) throw new ObjectTooLarge();
        return await handle.readFile();
      } finally {
        await handle.close();
      }
    },
    sizeOf: async (key) => (await statsOf(fileOf(key)))?.size ?? null,
    async remove(key) {
      const file = fileOf(key);
      await unlink(file).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
      await prune(file);
    },
    async *list(below) {
      let page: StoredObject[] = [];
      const unread: UnreadFolder[] = [];
      for await (const file of filesBelow(fileOf(below), (one) => unread.push(one))) {
        const stats = await statsOf(file);
        if (stats === null) continue; // it has just gone
        page.push({ key: keyOf(file), sizeBytes: stats.size, writtenAt: stats.mtime });
        if (page.length < pageSize) continue;
        yield page;
        page = [];
      }
      if (page.length > 0) yield page;
      // At the end, so that one folder does not keep the others from whoever lists.
      const own = unread.filter(({ directory }) => !isForeign(keyOf(directory)));
      if (own.length > 0) {
        const errors = own.map(({ error }) => error);
        throw new AggregateError(errors, `${String(own.length)} folders cannot be read: ${messageOf(errors[0])}`);
      }
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
