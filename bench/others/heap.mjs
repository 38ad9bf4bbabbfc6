// Loaded before a program that runs with `--expose-gc`: on SIGUSR2 writes what its heap holds that is needed, in bytes.
import { appendFileSync } from 'node:fs';

process.on('SIGUSR2', () => {
  globalThis.gc();
  appendFileSync(process.env.HEAP_FILE, `${String(process.memoryUsage().heapUsed)}\n`);
});
