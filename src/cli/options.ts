// What commands have in common: whose project, how many, and whether to wait.

import { InvalidArgumentError, Option, type Command } from 'commander';
import type { List } from '../client/index.ts';
import type { Session } from './session.ts';
import { UsageError } from './usage-error.ts';
import type { WatchOptions } from './watch-job.ts';

export function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 on.');
  return Number(text);
}

export const withProject = (command: Command): Command =>
  command.option('--project <id>', 'which project; not needed where the key sees only one');

/** The project that is meant; throws a `UsageError` where there are several and none was named. */
export async function projectOf({ doppel }: Session, project: string | undefined): Promise<string> {
  if (project !== undefined) return project;
  const { items } = await doppel.projects.list({ status: ['active'] }).page();
  const [only, ...others] = items;
  if (only === undefined)
    throw new UsageError('There is no project yet: `doppel projects create --name NAME` makes one.');
  if (others.length === 0) return only.id;
  const named = items.slice(0, 10).map(({ id, name }) => `  --project ${id}  ${name}`);
  throw new UsageError(['Which project? There are several:', ...named].join('\n'));
}

export const withLimit = (command: Command): Command =>
  command.option('--limit <number>', 'how many at most', positive, 100);

/** The first so many of a list. */
export async function firstOf<Item>(list: List<Item>, limit: number): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of list) {
    items.push(item);
    if (items.length >= limit) break;
  }
  return items;
}

/** A choice that may be given several times. */
export const choices = (flag: string, description: string, allowed: readonly string[]): Option =>
  new Option(flag, description).argParser((value: string, before: string[] | undefined) => {
    if (!allowed.includes(value)) throw new InvalidArgumentError(`It is one of ${allowed.join(', ')}.`);
    return [...(before ?? []), value];
  });

export interface WaitingOptions extends WatchOptions {
  wait?: boolean;
}

export const withWatching = (command: Command): Command =>
  command
    .option('--timeout <seconds>', 'how long to watch at most; the job goes on', positive)
    .option('--download <folder>', 'put the images there, and tell their paths');

export const withWaiting = (command: Command): Command =>
  withWatching(command.option('--wait', 'watch the job until it has ended'));
