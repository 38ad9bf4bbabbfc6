import type { OpenStream } from './transport.ts';

interface Frame {
  /** `message` where it has no name. */
  event: string;
  data: string;
  /** How long to wait before coming back, in ms; null where it does not say. */
  retryMs: number | null;
}

/**
 * Reads [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream), however their
 * bytes are cut. A stream that is silent for longer than `silentMs` is broken: its server writes something now and then.
 */
export async function* readFrames(stream: OpenStream, silentMs: number): AsyncGenerator<Frame, void, undefined> {
  const reader = stream.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expect = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      stream.abort(new DOMException(`Nothing came within ${String(silentMs)} ms.`, 'TimeoutError'));
    }, silentMs);
  };
  try {
    for (;;) {
      expect();
      const { done, value } = await reader.read();
      clearTimeout(timer);
      if (done) return; // what is not whole by now does not count
      const text = rest + decoder.decode(value, { stream: true });
      // A line may end in the next piece with the other half of CRLF.
      const frames = text.replaceAll(/\r\n|\r(?!$)/g, '\n').split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) yield frameIn(frame.split('\n'));
    }
  } finally {
    clearTimeout(timer);
    // Whoever stops reading ends the connection; one that is broken already has nothing to end.
    await reader.cancel().catch(() => undefined);
  }
}

function frameIn(lines: readonly string[]): Frame {
  const valuesOf = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ''));
  const retry = valuesOf('retry').at(-1) ?? '';
  return {
    event: valuesOf('event').at(-1) ?? 'message',
    data: valuesOf('data').join('\n'),
    retryMs: /^\d+$/.test(retry) ? Number(retry) : null,
  };
}
