// Waits for a job's end with few questions. The API is let wait until something changes; one that does not is asked as the job's
// own hints say, else less often the longer nothing changes.

import type { Job } from '../schemas/job.ts';
import { DoppelError } from './doppel-error.ts';
import { pause, type Answer, type ReadOptions } from './transport.ts';

export interface WaitOptions extends ReadOptions {
  /** Called with the job at first, and whenever it has changed since. */
  onChange?: (job: Job) => void;
}

/** A standard key may read 120 times a minute: a job that stands still takes a tenth of that. */
const [shortestMs, longestMs] = [500, 5_000];
/** What a job waits for is not in its ETag: every so often it is read whole although it has not changed. */
const wholeEvery = 4;
/** The longest that the API waits, and how much of the time that a try has it may take. */
const [longestWaitS, partOfTimeout] = [60, 0.8];

interface Looking {
  /** Gives null where the job still has the ETag. */
  look: (etag: string | undefined, waitS: number) => Promise<Answer<Job>>;
  /** How long one look may take. */
  timeoutMs: number;
}

/** Looks at a job until it has ended. */
export async function waitForJob(
  { look, timeoutMs }: Looking,
  { onChange, signal }: WaitOptions,
  { wait = pause, now = () => performance.now() } = {},
): Promise<Job> {
  const longestS = Math.min(longestWaitS, Math.floor((timeoutMs / 1000) * partOfTimeout));
  let known: NonNullable<Answer<Job>> | undefined;
  for (let looks = 1; ; looks++) {
    const canWait = longestS > 0 && known?.canWait === true;
    // Where it can, every second look waits, and those between tell what the job waits for.
    const waitS = canWait && looks % 2 === 0 ? longestS : 0;
    const isWhole = canWait ? waitS === 0 : looks % wholeEvery === 0;
    const startedAt = now();
    const answer = await look(isWhole ? undefined : known?.etag, waitS).catch((error: unknown) => {
      // As many wait there as may: it is asked without waiting.
      if (waitS > 0 && error instanceof DoppelError && error.code === 'UNAVAILABLE') return null;
      throw error;
    });
    const hasChanged = answer !== null && answer.etag !== known?.etag;
    if (hasChanged) looks = 1;
    if (answer !== null) {
      if (hasChanged || answer.body.waiting?.reason !== known?.body.waiting?.reason) onChange?.(answer.body);
      known = answer;
    }
    if (known === undefined) throw new TypeError('what was never read cannot be unchanged');
    if (known.body.status !== 'running') return known.body;
    // A process of the API that is being replaced answers early.
    const isEarly = waitS > 0 && !hasChanged && now() - startedAt < waitS * 500;
    if (isEarly || longestS === 0 || known.canWait !== true) await wait(nextLookMs(known.body, looks), signal);
  }
}

function nextLookMs({ waiting, eta }: Job, looks: number): number {
  const untilMs = (time: string | null | undefined) => (time == null ? 0 : Date.parse(time) - Date.now());
  // Until a step is tried again nothing happens; until the end, images come one by one.
  const hintMs = untilMs(waiting?.nextAttemptAt) || untilMs(eta) / 4;
  return Math.min(longestMs, Math.max(shortestMs, hintMs > 0 ? hintMs : shortestMs * 1.5 ** (looks - 1)));
}
