// Loaded before a program: on SIGUSR2 writes how late its event loop was since the last one, in ms.
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolution = 1; // of what is told of a timer of so many ms, so many are its own
const delays = monitorEventLoopDelay({ resolution });
delays.enable();
process.on('SIGUSR2', () => {
  const [p99, longest] = [delays.percentile(99), delays.max].map((ns) => ns / 1e6 - resolution);
  appendFileSync(process.env.LOOP_DELAY_FILE, `${JSON.stringify({ p99, longest })}\n`);
  delays.reset();
});
