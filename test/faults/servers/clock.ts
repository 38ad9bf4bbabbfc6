// The clock of one process, moved while it runs: https://github.com/wolfcw/libfaketime. What waits and measures goes on by the
// monotonic clock, as when a machine's time is set.

import { access, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTimeOf } from '../../../src/embedded/process-identity.ts';

const sharedMemory = '/dev/shm';

export interface Clock {
  /** What a process has in its environment, from its start, to be on this clock. */
  env: Record<string, string>;
  /** Has it go so many seconds ahead, or behind where they are negative; the process sees it within two seconds. */
  set: (aheadSeconds: number) => Promise<void>;
  /** Removes what processes on clocks have left in shared memory, those that were killed. */
  close: () => Promise<void>;
}

/** Makes a clock that is right at first; `name` tells those in a folder apart. Throws where libfaketime is not installed. */
export async function makeClock(folder: string, name: string): Promise<Clock> {
  const preload = await findLibfaketime();
  const file = join(folder, `${name}.clock`);
  const set = (aheadSeconds: number) =>
    writeFile(file, `${aheadSeconds < 0 ? '-' : '+'}${String(Math.abs(aheadSeconds))}\n`);
  await set(0);
  return {
    env: {
      LD_PRELOAD: preload,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1', // seconds after which the file is read again
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // Others see a file's times too.
      NO_FAKE_STAT: '1',
    },
    set,
    async close() {
      for (const name of await readdir(sharedMemory)) {
        const [, pid] = /^(?:sem\.faketime_sem|faketime_shm)_(\d+)$/.exec(name) ?? [];
        if (pid === undefined || startTimeOf(Number(pid)) !== undefined) continue;
        await rm(join(sharedMemory, name), { force: true });
      }
    },
  };
}

/** Distributions keep it in their folder for libraries, Debian in one of the machine's architecture. */
async function findLibfaketime(): Promise<string> {
  const ofMachines = (await readdir('/usr/lib')).filter((name) => name.endsWith('-linux-gnu'));
  for (const folder of ['/usr/lib64', '/usr/lib', ...ofMachines.map((name) => join('/usr/lib', name))]) {
    const library = join(folder, 'faketime/libfaketimeMT.so.1');
    const isThere = await access(library).then(
      () => true,
      () => false,
    );
    if (isThere) return library;
  }
  throw new Error('A clock is moved by libfaketime, which is not installed: Debian’s package is called libfaketime.');
}
