// The command line as a user runs it: a process of its own, which a test may kill.

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Instance } from '../../src/embedded/instance-lock.ts';
import { startTimeOf } from '../../src/embedded/process-identity.ts';
import { eventually, until } from './eventually.ts';

export interface DoppelProcess {
  pid: number;
  /** What it has written so far, to standard output and standard error. */
  output: () => string;
  errors: () => string;
  /** The exit code, or the signal that ended it. */
  exited: Promise<number | NodeJS.Signals | null>;
  kill: (signal: NodeJS.Signals) => void;
  /** Waits for a text in the output and gives the match; rejects when the process ends before. */
  says: (pattern: RegExp, withinMs?: number) => Promise<RegExpExecArray>;
}

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const inherited = ['PATH', 'HOME', 'XDG_CACHE_HOME', 'LANG'];

/** Starts `doppel <command>` in this folder, with nothing of this process's environment that is about Doppel. */
export function spawnDoppel(
  command: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
): DoppelProcess {
  const kept = Object.fromEntries(inherited.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), main, ...command], {
    cwd,
    env: { ...kept, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the process could not be started');
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    errors += text;
  });
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(signal ?? code);
    });
  });
  let hasExited = false;
  void exited.then(() => {
    hasExited = true;
  });
  return {
    pid,
    output: () => output,
    errors: () => errors,
    exited,
    kill: (signal) => {
      if (!hasExited) process.kill(pid, signal);
    },
    async says(pattern, withinMs = 90_000) {
      const found = await eventually(
        `the process says ${String(pattern)}`,
        () => pattern.exec(output) ?? (hasExited ? ('ended' as const) : undefined),
        { withinMs },
      ).catch((error: unknown) => {
        throw new Error(`it said:\n${output}`, { cause: error });
      });
      if (found === 'ended') throw new Error(`it ended before it said ${String(pattern)}:\n${output}`);
      return found;
    },
  };
}

/** What the data folder's instance says of itself; undefined when there is none. */
export async function readRunFile(dataDir: string): Promise<Instance | undefined> {
  const text = await readFile(path.join(dataDir, 'run.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Instance);
}

export const isAlive = (pid: number): boolean => startTimeOf(pid) !== undefined;

export const untilGone = (pids: readonly number[], withinMs = 10_000): Promise<void> =>
  until(`the processes ${pids.join(', ')} are gone`, () => !pids.some(isAlive), { withinMs });
