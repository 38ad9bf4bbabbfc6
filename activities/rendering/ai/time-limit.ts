/**
 * Rejects with the signal's reason as soon as that is aborted, or with `late()` after so many ms, whatever the work does; the
 * work is told by a signal of its own, which is aborted once it has ended too.
 */
export async function withinTime<Result>(
  limitMs: number,
  signal: AbortSignal,
  late: () => Error,
  work: (ending: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const ending = new AbortController();
  const abort = () => {
    ending.abort(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(() => {
    ending.abort(late());
  }, limitMs);
  const ended = new Promise<never>((_, reject) => {
    ending.signal.addEventListener('abort', () => {
      reject(ending.signal.reason as Error);
    });
  });
  try {
    return await Promise.race([work(ending.signal), ended]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    ending.abort();
  }
}
