import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { graceBegan, sortObjects } from '../../src/db/stored-objects.ts';
import type { ActivityDeps } from '../deps.ts';
import { objectRemover } from './object-remover.ts';

export interface CollectedObjects {
  /** What lay in the storage. */
  objects: number;
  bytes: number;
  removed: number;
  removedBytes: number;
  /** Named by nothing, and too young to be removed. */
  spared: number;
  /** Not ours to remove. */
  foreign: number;
}

/**
 * Removes the objects of the storage that no row names and that were written 24 hours ago, and tells and logs what it found;
 * rejects at the end where one could not be removed. Safe to repeat, and beside itself and all else: rows are asked after the
 * objects were listed, and what no row names then is named by none later (see `sortObjects`).
 */
export const collectObjects =
  ({ database, storage, log }: Pick<ActivityDeps, 'database' | 'storage' | 'log'>) =>
  async (): Promise<CollectedObjects> => {
    const remover = objectRemover(storage);
    const before = await graceBegan(database);
    const done = { objects: 0, bytes: 0, removed: 0, removedBytes: 0, spared: 0, foreign: 0 };
    for await (const objects of storage.list('')) {
      cancellationSignal().throwIfAborted();
      const { unnamed, foreign } = await sortObjects(database, objects);
      const old = unnamed.filter(({ writtenAt }) => writtenAt < before);
      const removed = await remover.remove(old);
      done.objects += objects.length;
      done.bytes += bytesOf(objects);
      done.removed += removed.length;
      done.removedBytes += bytesOf(removed);
      done.spared += unnamed.length - old.length;
      done.foreign += foreign.length;
      heartbeat();
    }
    log.info(done, 'storage collected');
    remover.throwFailures();
    return done;
  };

const bytesOf = (objects: readonly { sizeBytes: number }[]) =>
  objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
