// The steps of an installation: programs that are run one after another, all that they write in a log, and how far they are by how much
// they have written, which is the same for a download, an unpacking and whatever else takes long.

import { mkdir, open, opendir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, StartError, systemCodeOf } from '../start-error.ts';
import { runProgram } from './run-program.ts';

export interface Step {
  title: string;
  /** What it writes, about: how much of the whole it is. */
  megabytes: number;
  run: (run: (command: string, ...args: string[]) => Promise<void>) => Promise<void>;
}

export interface StepProgress {
  /** From 1. */
  step: number;
  of: number;
  title: string;
  /** How much of all steps is done, from 0 to 1. */
  done: number;
  /** What the step's program wrote last; empty at its begin. */
  line: string;
}

interface RunStepsOptions {
  env: Readonly<NodeJS.ProcessEnv>;
  cwd: string;
  /** The folders that are written to; one that is not there yet is empty. */
  grows: readonly string[];
  logFile: string;
  onSpawn: (pid: number) => void;
  onProgress: (progress: StepProgress) => void;
  signal: AbortSignal;
}

const measureEveryMs = 1_000;

/** Runs them in order; throws a `StartError` that names the one that failed. */
export async function runSteps(steps: readonly Step[], options: RunStepsOptions): Promise<void> {
  const { logFile, grows, onProgress, signal } = options;
  await mkdir(path.dirname(logFile), { recursive: true, mode: 0o700 });
  const log = await open(logFile, 'w');
  const whole = steps.reduce((sum, { megabytes }) => sum + megabytes, 0);
  let before = 0;
  try {
    for (const [index, { title, megabytes, run }] of steps.entries()) {
      let progress = { step: index + 1, of: steps.length, title, done: before / whole, line: '' };
      const tell = (news: Partial<StepProgress>) => {
        progress = { ...progress, ...news };
        onProgress(progress);
      };
      tell({});
      const ended = new AbortController();
      const measured = measure(grows, ended.signal, (bytes) => {
        const done = (before + Math.min(bytes / 1_000_000, megabytes)) / whole;
        tell({ done: Math.max(done, progress.done) }); // what is temporary goes again
      });
      measured.catch(() => undefined); // it is awaited below
      const onLine = (line: string) => {
        tell({ line });
      };
      try {
        await run((command, ...args) => runProgram(command, args, { ...options, log: log.fd, onLine }));
      } catch (error) {
        const place = `step ${String(progress.step)} of ${String(progress.of)}, ${title}`;
        const what = signal.aborted ? `was interrupted at ${place}` : `failed at ${place}: ${messageOf(error)}`;
        throw new StartError(`It ${what}. What was run is in ${logFile}; when run again, it goes on from there.`);
      } finally {
        ended.abort();
        await measured;
      }
      before += megabytes;
    }
  } finally {
    await log.close();
  }
}

/** Tells, every now and then, by how many bytes the folders have grown, until that has ended. */
async function measure(folders: readonly string[], ended: AbortSignal, tell: (bytes: number) => void): Promise<void> {
  const size = async () => (await Promise.all(folders.map(sizeOf))).reduce((sum, bytes) => sum + bytes, 0);
  const first = await size();
  for (;;) {
    await delay(measureEveryMs, undefined, { signal: ended }).catch(() => undefined);
    const bytes = (await size()) - first;
    if (ended.aborted) return;
    tell(Math.max(bytes, 0));
  }
}

/** What is removed meanwhile counts for nothing. */
async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const entry of await opendir(folder)) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) bytes += await sizeOf(file);
      else if (entry.isFile()) bytes += (await stat(file)).size;
    }
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
  }
  return bytes;
}
