import { createHash } from 'node:crypto';

/** Chances that come again with their seed. */
export interface Random {
  /** From 0 up to 1. */
  share: () => number;
  /** A whole number from 0 up to `below`. */
  below: (below: number) => number;
  pick: <Item>(items: readonly Item[]) => Item;
  /** Chances of their own, so that one user of them does not move another's. */
  fork: (name: string) => Random;
}

/** mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const share = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(share() * limit);
  return {
    share,
    below,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    fork: (name) =>
      seededRandom(
        createHash('sha256')
          .update(`${String(seed)} ${name}`)
          .digest()
          .readUInt32BE(),
      ),
  };
}
