import { readFile } from 'node:fs/promises';
import type { World } from '../world.ts';

/** Twice what a worker takes that has much to do. Node lets garbage lie where there is room. */
export const memoryMaxMb = 1_200;

export interface MemoryOfOne {
  atFirstMb: number;
  mostMb: number;
}

/** Looks twice a second at what each process has in memory, until it is asked for what it saw, by process. */
export async function watchMemory({ members }: World): Promise<() => Record<string, MemoryOfOne>> {
  const seen: Record<string, MemoryOfOne> = {};
  const look = async () => {
    for (const { name, pid } of members) {
      const mb = await residentMb(pid());
      const before = seen[name];
      if (mb === null) continue;
      seen[name] = { atFirstMb: before?.atFirstMb ?? mb, mostMb: Math.max(before?.mostMb ?? 0, mb) };
    }
  };
  await look();
  const timer = setInterval(() => void look(), 500);
  return () => {
    clearInterval(timer);
    return seen;
  };
}

/** Null where there is no such process any more. */
async function residentMb(pid: number | undefined): Promise<number | null> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
  const [, kb] = /^VmRSS:\s+(\d+) kB/m.exec(status) ?? [];
  return kb === undefined ? null : Math.round(Number(kb) / 1_024);
}
