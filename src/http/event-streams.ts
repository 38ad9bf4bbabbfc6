// Streams of events ([Server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html)), thousands at once:
// written to the response itself, with one timer for all of them.

import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';

export interface EventStream {
  /** Writes frames; see `frameOf`. */
  send: (frames: string) => void;
  /** Ends it; the reader comes back by itself, after so many ms where that is given. */
  end: (comeBackAfterMs?: number) => void;
}

/** Begins to write to a stream; what it gives is called once it has ended. */
export type StartStream = (stream: EventStream) => () => void;

interface EventStreams {
  open: (ctx: Context, start: StartStream) => void;
}

const comeBackAfterMs = 2_000;

/** An event as it is written: its number, and data without line breaks, as JSON is. */
export const frameOf = (id: number, event: string, data: string): string =>
  `id: ${String(id)}\nevent: ${event}\ndata: ${data}\n\n`;

const retryFrame = (ms: number) => `retry: ${String(ms)}\n\n`;

/** Opens streams, keeps them alive, and cuts those whose readers do not read. */
export function eventStreams({
  heartbeatMs = 15_000,
  unreadBytesMax = 256 * 1024,
}: {
  heartbeatMs?: number | undefined;
  unreadBytesMax?: number;
}): EventStreams {
  const open = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;

  const write = (response: ServerResponse, text: string) => {
    if (response.writableEnded || response.destroyed) return;
    // What was written before is judged, not this: a long backlog goes out at once, and is read after it.
    if (response.writableLength > unreadBytesMax) response.destroy();
    else response.write(text);
  };
  const beat = () => {
    for (const response of open) write(response, ':\n\n');
  };

  return {
    open(ctx, start) {
      const { req, res } = ctx;
      const isHead = req.method === 'HEAD';
      // It may refuse: nothing is written before.
      const stop = isHead ? () => undefined : start(streamOn(res, write));
      ctx.respond = false;
      ctx.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      if (isHead) {
        res.end();
        return;
      }
      write(res, retryFrame(comeBackAfterMs));
      open.add(res);
      timer ??= setInterval(beat, heartbeatMs).unref();
      const close = () => {
        if (!open.delete(res)) return;
        stop();
        if (open.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
      res.once('close', close);
      if (res.destroyed) close();
    },
  };
}

// Apart, so that a stream keeps nothing of the request that it came with.
const streamOn = (response: ServerResponse, write: (response: ServerResponse, text: string) => void): EventStream => ({
  send(frames) {
    write(response, frames);
  },
  end(afterMs) {
    if (afterMs !== undefined) write(response, retryFrame(afterMs));
    response.end();
  },
});
