import { closers, type Closers } from '../closers.ts';

interface Running {
  /** Settles when it ends by itself: with a sentence when it broke, with null when it is done. */
  ended?: Promise<string | null>;
}

/**
 * Starts something and runs it until SIGINT, SIGTERM or SIGHUP, or until it ends by itself; then, or when it cannot start, closes
 * what it opened. A signal during the start gives the start up. A second signal ends the process at once.
 */
export async function runUntilStopped(
  start: (opened: Closers, signal: AbortSignal) => Promise<Running>,
  say: (message: string) => void = () => undefined,
): Promise<void> {
  const stopping = new AbortController();
  const stopped = new Promise<null>((resolve) => {
    const stop = () => {
      if (stopping.signal.aborted) process.exit(1);
      stopping.abort();
      resolve(null);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
    // A terminal that was closed takes no words any more; stopping in order matters more.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  });
  const opened = closers();
  try {
    const { ended } = await start(opened, stopping.signal);
    const broken = await Promise.race([stopped, ended ?? stopped]);
    if (broken !== null) process.exitCode = 1;
    say(broken === null ? 'Stopping' : `${broken} Stopping; the next start goes on with the same data.`);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    await opened.close();
  }
}
