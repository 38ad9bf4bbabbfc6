// Waits for a job's end with few questions: as the job's own hints say, else less often the longer nothing changes.

import type { Job } from '../schemas/job.ts';
import { pause, type Answer, type ReadOptions } from './transport.ts';

export interface WaitOptions extends ReadOptions {
  /** Called with the job at first, and whenever it has changed since. */
  onChange?: (job: Job) => void;
}

/** A standard key may read 120 times a minute: a job that stands still takes a tenth of that. */
const [shortestMs, longestMs] = [500, 5_000];
/** What a job waits for is not in its ETag: every so often it is read whole although it has not changed. */
const wholeEvery = 4;

/** Looks at a job until it has ended; `look` gives null where it still has the ETag. */
export async function waitForJob(
  look: (etag: string | undefined) => Promise<Answer<Job>>,
  { onChange, signal }: WaitOptions,
  wait = pause,
): Promise<Job> {
  let known: NonNullable<Answer<Job>> | undefined;
  for (let looks = 1; ; looks++) {
    const answer = await look(looks % wholeEvery === 0 ? undefined : known?.etag);
    if (answer !== null) {
      const hasChanged = answer.etag !== known?.etag;
      if (hasChanged) looks = 1;
      if (hasChanged || answer.body.waiting?.reason !== known?.body.waiting?.reason) onChange?.(answer.body);
      known = answer;
    }
    if (known === undefined) throw new TypeError('what was never read cannot be unchanged');
    if (known.body.status !== 'running') return known.body;
    await wait(nextLookMs(known.body, looks), signal);
  }
}

function nextLookMs({ waiting, eta }: Job, looks: number): number {
  const untilMs = (time: string | null | undefined) => (time == null ? 0 : Date.parse(time) - Date.now());
  // Until a step is tried again nothing happens; until the end, images come one by one.
  const hintMs = untilMs(waiting?.nextAttemptAt) || untilMs(eta) / 4;
  return Math.min(longestMs, Math.max(shortestMs, hintMs > 0 ? hintMs : shortestMs * 1.5 ** (looks - 1)));
}
