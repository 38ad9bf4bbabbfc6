// The API keys of those who watch: what was asked for with a key ends when the key does.

import { findKeyStates, type KeyState } from '../db/api-keys.ts';
import type { Trx } from '../db/database.ts';
import { inRounds } from './rounds.ts';

export interface WatchedKey {
  apiKeyId: string;
  /** A rotation makes another one. */
  lookup: string;
  watches: number;
  /** By the clock that never goes back; Infinity where it does not expire. */
  expiresAtMs: number;
}

interface WatchedKeys {
  /** Counts one more watch of a key; its first one has the key looked at. */
  hold: (key: { apiKeyId: string; lookup: string }) => WatchedKey;
  release: (key: WatchedKey) => void;
  /** Has a key looked at, by its id, or all. */
  lookAt: (apiKeyId: string) => void;
  lookAtAll: () => void;
  close: () => Promise<void>;
}

interface KeyListener {
  onEnd: (key: WatchedKey, state: Exclude<KeyState, 'live'>) => void;
  onFailure: (error: unknown) => void;
}

const longestTimerMs = 2 ** 31 - 1;

export function watchedKeys(database: Trx, { onEnd, onFailure }: KeyListener): WatchedKeys {
  const keys = new Map<string, WatchedKey>();
  let timer: NodeJS.Timeout | undefined;

  const look = async (some: readonly WatchedKey[]) => {
    const asked = some.filter(({ watches }) => watches > 0);
    if (asked.length === 0) return;
    const found = await findKeyStates(
      database,
      asked.map(({ lookup }) => lookup),
    );
    for (const key of asked) {
      const { state, expiresInMs } = found.get(key.lookup) ?? { state: 'gone' as const, expiresInMs: null };
      key.expiresAtMs = expiresInMs === null ? Infinity : performance.now() + expiresInMs;
      if (state !== 'live') onEnd(key, state);
    }
    setTimer();
  };
  const rounds = inRounds(look, { onFailure });

  /** Looks again when the first of them expires; whether it has, Postgres's clock decides. */
  const setTimer = () => {
    clearTimeout(timer);
    let first = Infinity;
    for (const { expiresAtMs } of keys.values()) first = Math.min(first, expiresAtMs);
    if (first === Infinity) return;
    const ms = Math.min(longestTimerMs, Math.max(0, first - performance.now()) + 20);
    timer = setTimeout(() => {
      for (const key of keys.values()) {
        if (key.expiresAtMs > performance.now()) continue;
        key.expiresAtMs = Infinity; // until it is known anew
        rounds.add(key);
      }
      setTimer();
    }, ms).unref();
  };

  return {
    hold({ apiKeyId, lookup }) {
      let key = keys.get(lookup);
      if (key === undefined) {
        key = { apiKeyId, lookup, watches: 0, expiresAtMs: Infinity };
        keys.set(lookup, key);
        // It was authenticated up to a second ago.
        rounds.add(key);
      }
      key.watches++;
      return key;
    },
    release(key) {
      key.watches--;
      if (key.watches === 0 && keys.get(key.lookup) === key) keys.delete(key.lookup);
    },
    lookAt(apiKeyId) {
      for (const key of keys.values()) if (key.apiKeyId === apiKeyId) rounds.add(key);
    },
    lookAtAll() {
      for (const key of keys.values()) rounds.add(key);
    },
    async close() {
      clearTimeout(timer);
      await rounds.close();
    },
  };
}
