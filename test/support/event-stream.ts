// A reader of a job's events, as strict as a reader can be: it refuses any frame that is not as it is documented.

import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'undici/types/header.js';
import { Agent, request } from 'undici';
import type { JobEvent } from '../../src/domain/job-event.ts';
import { until } from './eventually.ts';
import { assertValid, pointerTo, schemaAt } from './openapi.ts';

export interface StreamReader {
  status: number;
  headers: IncomingHttpHeaders;
  /** Bytes of events as they came, and the events in them. */
  text: () => string;
  events: () => JobEvent[];
  /** What `retry` said, in the order in which it came. */
  retries: () => number[];
  heartbeats: () => number;
  /** Resolves with whether it was ended by the server in order. */
  ended: Promise<boolean>;
  /** Waits until it has heard of this event. */
  hears: (seq: number, withinMs?: number) => Promise<void>;
  close: () => void;
}

interface ReadOptions {
  key: string;
  lastEventId?: number | string;
  method?: 'GET' | 'HEAD';
}

const schema = schemaAt(pointerTo('components', 'schemas', 'JobEvent'));
// Streams beyond undici's usual limits: many at once, silent for long.
const agent = new Agent({ bodyTimeout: 0, headersTimeout: 60_000, connections: null });

/** Opens a stream; `close` it after use. */
export async function readStream(
  url: string,
  { key, lastEventId, method = 'GET' }: ReadOptions,
): Promise<StreamReader> {
  const ending = new AbortController();
  const { statusCode, headers, body } = await request(url, {
    dispatcher: agent,
    method,
    signal: ending.signal,
    headers: { 'X-Api-Key': key, ...(lastEventId === undefined ? {} : { 'Last-Event-ID': String(lastEventId) }) },
  });
  let rest = '';
  let text = '';
  const events: JobEvent[] = [];
  const retries: number[] = [];
  let heartbeats = 0;

  const take = (frame: string) => {
    if (frame === ':') {
      heartbeats++;
      return;
    }
    const [, retry] = /^retry: (\d+)$/.exec(frame) ?? [];
    if (retry !== undefined) {
      retries.push(Number(retry));
      return;
    }
    const [, id, data = ''] =
      /^id: (\d+)\nevent: job\ndata: (\{.*\})$/.exec(frame) ?? assert.fail(`a frame is ${frame}`);
    const event = JSON.parse(data) as JobEvent;
    assertValid(schema, event);
    assert.equal(String(event.seq), id);
    text += `${frame}\n\n`;
    events.push(event);
  };
  const read = async (): Promise<boolean> => {
    try {
      for await (const bytes of body.setEncoding('utf8')) {
        const frames = `${rest}${String(bytes)}`.split('\n\n');
        rest = frames.pop() ?? '';
        for (const frame of frames) take(frame);
      }
      return rest === '';
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return false;
    }
  };
  const ended = read();
  ended.catch(() => undefined); // whoever awaits it is told
  return {
    status: statusCode,
    headers,
    text: () => text,
    events: () => events,
    retries: () => retries,
    heartbeats: () => heartbeats,
    ended,
    hears: (seq, withinMs) =>
      until(`event ${String(seq)} comes`, () => (events.at(-1)?.seq ?? 0) >= seq, { withinMs: withinMs ?? 15_000 }),
    close: () => {
      ending.abort();
    },
  };
}

/** Numbers go up by one from the first one on, and progress never goes back within an attempt. */
export function assertGapless(events: readonly JobEvent[], first = 1): void {
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => first + index),
  );
  for (const [index, event] of events.entries()) {
    const next = events[index + 1];
    if (next?.attempt === event.attempt) assert.ok(next.progress >= event.progress, `back at ${String(next.seq)}`);
  }
}
