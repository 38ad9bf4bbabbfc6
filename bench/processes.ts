// What processes cost, as Linux counts it.

import { readdir, readFile } from 'node:fs/promises';

/** Bytes of memory that are a process's own, with its share of what it shares with others. */
export async function memoryOf(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
  const [, kilobytes] = /^Pss: +(\d+) kB$/m.exec(rollup) ?? [];
  if (kilobytes === undefined) throw new Error(`Linux says nothing of the memory of ${String(pid)}`);
  return Number(kilobytes) * 1_024;
}

/** A process and all that it has started, whatever has become of those between them. */
export async function withDescendants(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => ''); // it has ended
    const [, parent] = /\) \S (\d+)/.exec(stat) ?? [];
    parents.set(Number(name), Number(parent));
  }
  const found = [pid];
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child);
  return found;
}
