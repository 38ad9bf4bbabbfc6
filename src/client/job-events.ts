// Reads a job's events from a stream, over as many connections as it takes: each goes on where the one before broke.

import type { JobEvent } from '../domain/job-event.ts';
import { NoAnswerError } from './no-answer-error.ts';
import { readFrames } from './read-frames.ts';
import { pause, type OpenStream, type ReadOptions } from './transport.ts';

export interface EventsOptions extends ReadOptions {
  /** The number of the last event that you have, `seq`; without it all events come. */
  lastEventId?: number;
}

type Open = (from: ReadOptions & { lastEventId: string | null }) => Promise<OpenStream | null>;

/** How many connections in a row may break before anything came, if only a heartbeat. */
const emptyMax = 5;

/** Gives the events of the streams that `open` opens, until one has ended with the job. */
export async function* jobEvents(
  open: Open,
  { lastEventId, signal }: EventsOptions,
  { wait = pause, silentMs = 45_000 } = {},
): AsyncGenerator<JobEvent, void, undefined> {
  let last = lastEventId;
  /** The number of the last event that this call gave. */
  let given = 0;
  let comeBackAfterMs = 2_000;
  for (let empty = 0; ; empty++) {
    const stream = await open({ lastEventId: last === undefined ? null : String(last), ...(signal && { signal }) });
    if (stream === null) return;
    let fault: unknown;
    let status = 'running';
    try {
      for await (const frame of readFrames(stream, silentMs)) {
        if (frame.retryMs !== null) comeBackAfterMs = frame.retryMs;
        else empty = 0;
        if (frame.event !== 'job') continue;
        const event = JSON.parse(frame.data) as JobEvent;
        status = event.status;
        if (event.seq <= given) continue;
        given = last = event.seq;
        yield event;
      }
    } catch (error) {
      signal?.throwIfAborted();
      fault = error;
    } finally {
      stream.close();
    }
    // It is ended in order after the event that ends the job: one that a retry follows is in the middle of what was sent.
    if (fault === undefined && status !== 'running') return;
    if (empty >= emptyMax) {
      throw new NoAnswerError('The stream of events broke too often.', { idempotencyKey: null, cause: fault });
    }
    await wait(comeBackAfterMs * (0.5 + Math.random() / 2) * 2 ** empty, signal);
  }
}
