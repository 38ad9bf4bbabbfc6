// What is committed in Postgres and not told to Temporal yet. The process that commits it offers it here, off the caller's path;
// whatever is committed and not delivered (a crash, Temporal away, too much at once) is found by the scan of any worker.

import { setTimeout as delay } from 'node:timers/promises';
import { context, ROOT_CONTEXT, type Context as OtelContext } from '@opentelemetry/api';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { told } from '../metrics/metrics.ts';

export interface Outbox<Item> {
  /** Delivers an item soon; one that finds too many before it is left to the scan. Never throws. */
  offer: (item: Item) => void;
  /** Scans for undelivered items until closed. */
  scan: () => void;
  /** Stops taking items and waits for the deliveries under way. */
  close: () => Promise<void>;
}

interface OutboxParts<Item> {
  /** What it holds, as the log names it. */
  name: string;
  /** Claims undelivered items for five seconds, at most `limit`. */
  claim: (limit: number) => Promise<Item[]>;
  /** Tells Temporal, then Postgres that it did. May run twice for an item. */
  deliver: (item: Item, temporal: Client) => Promise<void>;
  /** Through which Temporal is told now. */
  temporal: () => Client;
  log: Logger;
}

export interface OutboxLimits {
  maxConcurrent?: number;
  maxWaiting?: number;
  scanEveryMs?: number;
}

/** How long an item is claimed for, and how long a delivery may take. */
const claimMs = 5_000;

export function createOutbox<Item>(
  { name, claim, deliver, temporal, log }: OutboxParts<Item>,
  { maxConcurrent = 16, maxWaiting = 1_000, scanEveryMs = 500 }: OutboxLimits = {},
): Outbox<Item> {
  const waiting: { item: Item; until: number; of: OtelContext }[] = [];
  const delivering = new Set<Promise<void>>();
  const closing = new AbortController();
  let scanning = Promise.resolve();
  let isTemporalAway = false;

  const deliverOne = async (item: Item): Promise<void> => {
    try {
      // One that hangs, or that closing interrupts, is given up: the claim runs out, and delivering twice does no harm.
      // (A signal for each, since the SDK never lets go of the one that it listens to.)
      const client = temporal();
      await client.withAbortSignal(AbortSignal.any([closing.signal]), () =>
        client.withDeadline(Date.now() + claimMs, () => deliver(item, client)),
      );
      told.inc({ outbox: name, outcome: 'told' });
      if (isTemporalAway) log.info({ outbox: name }, 'Temporal is back: telling it what was accepted meanwhile');
      isTemporalAway = false;
    } catch (error) {
      if (closing.signal.aborted) return;
      told.inc({ outbox: name, outcome: 'failed' });
      if (!isTemporalAway)
        log.warn({ err: error, outbox: name, item }, 'Temporal could not be told; it is tried again');
      isTemporalAway = true; // the claim runs out in a few seconds, and the next scan tries again
    }
  };

  const pump = (): void => {
    while (delivering.size < maxConcurrent && !closing.signal.aborted) {
      const next = waiting.shift();
      if (next === undefined) return;
      if (next.until < performance.now()) continue; // its claim ran out: whoever claims it now delivers it
      const delivered: Promise<void> = context.with(next.of, deliverOne, undefined, next.item).finally(() => {
        delivering.delete(delivered);
        pump();
      });
      delivering.add(delivered);
    }
  };

  /** Delivers items, within the trace of whoever asked for them. */
  const take = (items: readonly Item[], of: OtelContext): void => {
    const until = performance.now() + claimMs;
    waiting.push(...items.map((item) => ({ item, until, of })));
    pump();
  };

  /** Claims what there is, as much at a time as is delivered soon; gives whether there may be more. */
  const claimSome = async (): Promise<boolean> => {
    if (waiting.length >= maxConcurrent) return false;
    try {
      const items = await claim(maxConcurrent * 2);
      take(items, ROOT_CONTEXT);
      return items.length === maxConcurrent * 2;
    } catch (error) {
      log.warn({ err: error, outbox: name }, 'what is undelivered could not be looked for; trying again');
      return false;
    }
  };

  const scanForever = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      if ((await claimSome()) && !isTemporalAway) {
        while (waiting.length >= maxConcurrent && delivering.size > 0) await Promise.race(delivering);
      } else {
        await delay(scanEveryMs, undefined, { signal: closing.signal }).catch(() => undefined); // closing ends the wait
      }
    }
  };

  return {
    offer(item) {
      if (!closing.signal.aborted && waiting.length < maxWaiting) take([item], context.active());
    },
    scan() {
      scanning = scanForever();
    },
    async close() {
      closing.abort();
      waiting.length = 0; // their claims run out, and a scan of another process finds them
      await scanning;
      await Promise.all(delivering);
    },
  };
}
