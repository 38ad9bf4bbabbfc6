import { setTimeout as delay } from 'node:timers/promises';

interface Patience {
  withinMs?: number;
  everyMs?: number;
}

/** Asks until the answer is not undefined and gives it; rejects after `withinMs` with what was waited for, and the last error. */
export async function eventually<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined> | Answer | undefined,
  { withinMs = 15_000, everyMs = 25 }: Patience = {},
): Promise<Answer> {
  const giveUpAt = performance.now() + withinMs;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > giveUpAt) throw new Error(`not within ${String(withinMs)} ms: ${what}`, { cause });
    await delay(everyMs);
  }
}

/** Asks until it holds; rejects like `eventually`. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  patience: Patience = {},
): Promise<void> {
  await eventually(what, async () => ((await holds()) ? true : undefined), patience);
}
