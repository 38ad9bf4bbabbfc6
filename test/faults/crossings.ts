// Every place where a process of Doppel waits for another one, and how often one was killed there.

import { appendFile, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from './random.ts';
import type { Member, World } from './world.ts';

const file = new URL('crossings.jsonl', import.meta.url);

/** How often processes of a role were killed at each crossing that they came to, by `role name`. */
export type Crossings = Map<string, number>;

/** What all runs have found so far. */
export async function readCrossings(): Promise<Crossings> {
  const all: Crossings = new Map();
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  for (const line of lines) {
    const { killed } = JSON.parse(line) as { killed: Record<string, number> };
    for (const [name, times] of Object.entries(killed)) all.set(name, (all.get(name) ?? 0) + times);
  }
  return all;
}

/** What this run has found. */
export async function crossingsOf(world: World): Promise<Crossings> {
  const found: Crossings = new Map();
  for (const { member, seen, at, action } of await world.reported()) {
    const name = `${member.split('-')[0] ?? ''} ${seen ?? at ?? ''}`;
    found.set(name, (found.get(name) ?? 0) + (action === 'crash' ? 1 : 0));
  }
  return found;
}

export async function recordCrossings(about: object, found: Crossings): Promise<void> {
  await appendFile(file, `${JSON.stringify({ ...about, killed: Object.fromEntries(found) })}\n`);
}

/** Kills each process where processes of its role were killed least, as soon as it comes there, for a minute. */
export async function killAtCrossings(world: World, random: Random): Promise<void> {
  const before = await readCrossings();
  /** At which nobody came by in time. */
  const missed = new Map<string, number>();
  const until = performance.now() + 60_000;
  const killNext = async (member: Member) => {
    const pid = member.pid();
    const found = [...(await crossingsOf(world))].filter(([name]) => name.startsWith(`${member.role} `));
    const weight = ([name, times]: [string, number]) =>
      times + (before.get(name) ?? 0) + 3 * (missed.get(name) ?? 0) + random.share();
    const [[target] = ['']] = found.sort((one, other) => weight(one) - weight(other));
    if (pid === undefined || target === '') {
      await delay(100);
      return;
    }
    const at = `^${target.slice(member.role.length + 1).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
    member.arm([{ at, place: random.pick(['before', 'after']), action: 'crash', chance: 1, most: 1 }]);
    for (let waited = 0; waited < 5_000 && member.pid() === pid; waited += 50) await delay(50);
    member.arm([]);
    if (member.pid() === pid) missed.set(target, (missed.get(target) ?? 0) + 1);
  };
  await Promise.all(
    world.members.map(async (member) => {
      while (performance.now() < until) await killNext(member);
    }),
  );
}
