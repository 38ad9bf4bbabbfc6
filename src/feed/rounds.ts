export interface Rounds<Item> {
  /** Has an item looked at in the next round; one that waits for it already is looked at once. */
  add: (item: Item) => void;
  /** Begins no other round; resolves once none is under way. */
  close: () => Promise<void>;
}

interface RoundOptions {
  /** Most items of one round. */
  atMost?: number;
  /** Told when rounds begin to fail. */
  onFailure: (error: unknown) => void;
  retryAfterMs?: number;
}

const longestPauseMs = 2_000;

/** Looks at items in rounds, one at a time, at all that came meanwhile together. A round that fails is tried again. */
export function inRounds<Item>(
  look: (items: readonly Item[]) => Promise<void>,
  { atMost = 500, onFailure, retryAfterMs = 50 }: RoundOptions,
): Rounds<Item> {
  const waiting = new Set<Item>();
  let running: Promise<void> | null = null;
  let isClosed = false;
  let wake: () => void = () => undefined;

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async () => {
    let failures = 0;
    while (waiting.size > 0 && !closed()) {
      // What comes in the same turn of the event loop comes along.
      await new Promise(setImmediate);
      const items = [...waiting].slice(0, atMost);
      for (const item of items) waiting.delete(item);
      try {
        await look(items);
        failures = 0;
      } catch (error) {
        for (const item of items) waiting.add(item);
        if (failures === 0) onFailure(error);
        failures++;
        if (!closed()) await pause(Math.min(longestPauseMs, retryAfterMs * 2 ** failures));
      }
    }
    running = null;
  };
  const closed = () => isClosed;

  return {
    add(item) {
      waiting.add(item);
      if (!isClosed) running ??= run();
    },
    async close() {
      isClosed = true;
      wake();
      await running;
    },
  };
}
