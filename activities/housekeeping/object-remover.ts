import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { concurrently } from '../../src/storage/concurrently.ts';
import type { Storage } from '../../src/storage/storage.ts';

const [removedAtOnce, toldAtMost] = [8, 20];

interface ObjectRemover {
  /** Removes objects, some at a time, and gives those that went. Stops when the activity is cancelled. */
  remove: <O extends { key: string }>(objects: readonly O[]) => Promise<O[]>;
  /** Throws the first failures, if there were any. */
  throwFailures: () => void;
}

/** Removes objects. One that cannot be removed does not keep the others, so what failed is thrown at the end. */
export function objectRemover(storage: Pick<Storage, 'remove'>): ObjectRemover {
  const failures: unknown[] = [];
  let failed = 0;
  return {
    async remove<O extends { key: string }>(objects: readonly O[]) {
      const removed: O[] = [];
      await concurrently(objects, removedAtOnce, async (object) => {
        cancellationSignal().throwIfAborted();
        try {
          await storage.remove(object.key);
          removed.push(object);
        } catch (error) {
          failed++;
          if (failures.length < toldAtMost) failures.push(error);
        }
        heartbeat();
      });
      return removed;
    },
    throwFailures() {
      if (failed > 0) throw new AggregateError(failures, `${String(failed)} objects could not be removed`);
    },
  };
}
