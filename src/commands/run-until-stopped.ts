interface Running {
  /** Settles when it ends by itself: with a sentence when it broke, with null when it is done. */
  ended?: Promise<string | null>;
  close: () => Promise<void>;
}

/**
 * Starts something and runs it until SIGINT or SIGTERM, or until it ends by itself; then closes it. A signal during the start
 * gives the start up. A second signal ends the process at once.
 */
export async function runUntilStopped(
  start: (signal: AbortSignal) => Promise<Running>,
  say: (message: string) => void = () => undefined,
): Promise<void> {
  const stopping = new AbortController();
  const stopped = new Promise<null>((resolve) => {
    const stop = () => {
      if (stopping.signal.aborted) process.exit(1);
      stopping.abort();
      resolve(null);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
  let running: Running;
  try {
    running = await start(stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) return;
    throw error;
  }
  const broken = await Promise.race([stopped, running.ended ?? stopped]);
  if (broken !== null) process.exitCode = 1;
  say(broken === null ? 'Stopping' : `${broken} Stopping; the next start goes on with the same data.`);
  await running.close();
}
