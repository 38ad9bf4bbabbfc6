/**
 * Starts something and runs it until SIGINT or SIGTERM, or until it says that it is broken; then closes it. A signal during
 * the start gives the start up. A second signal ends the process at once.
 */
export async function runUntilStopped<Running extends { close(): Promise<void>; broken?: Promise<string> }>(
  start: (signal: AbortSignal) => Promise<Running>,
  onRunning: (running: Running) => void = () => undefined,
  say: (message: string) => void = () => undefined,
): Promise<void> {
  const stopping = new AbortController();
  const stopped = new Promise<string | null>((resolve) => {
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
  onRunning(running);
  const broken = await Promise.race([stopped, running.broken ?? stopped]);
  say(broken === null ? 'Stopping' : `${broken} Stopping; the next start goes on with the same data.`);
  if (broken !== null) process.exitCode = 1;
  await running.close();
}
