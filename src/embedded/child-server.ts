// What the embedded servers share: spawned out of the terminal's reach, output in a log file, waited for, stopped in order.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess, stopWithinMs, type StopSignal } from './end-process.ts';
import { identityOf } from './process-identity.ts';
import { StartError } from '../start-error.ts';

export type SpawnedServer = { readonly name: string; readonly pid: number; readonly stopSignal: StopSignal };
/** Called at once after a server was spawned, before it is ready; synchronous, so that no crash falls between. */
export type OnSpawn = (server: SpawnedServer) => void;

export type ChildServerOptions = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly logFile: string;
  readonly stopSignal: StopSignal;
  /** Whether its standard input is a pipe that stays open as long as this process lives; without it there is none. */
  readonly holdsInput?: boolean;
  /** Asked again and again until it says yes; a `StartError` of it ends the wait. */
  readonly isReady: (pid: number) => Promise<boolean>;
  readonly readyWithinMs: number;
  readonly onSpawn?: OnSpawn | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type ChildServer = {
  readonly pid: number;
  /** Resolves when the process has ended, however it did, with a phrase that says how: `ended with exit code 1`. */
  readonly exited: Promise<string>;
  /** Stops it and waits; rejects if it had to be killed. Safe to call twice. */
  stop: () => Promise<void>;
};

/** A server that ended before it was ready; the message holds the last lines of its log. */
export class EarlyExit extends StartError {}

const rotateAtBytes = 10 * 1024 * 1024;
const lastLines = 12;
const askEveryMs = 15;

export async function startChildServer(options: ChildServerOptions): Promise<ChildServer> {
  const { name, logFile, signal } = options;
  signal?.throwIfAborted();
  await mkdir(dirname(logFile), { recursive: true, mode: 0o700 });
  await rotate(logFile);
  const log = await open(logFile, 'a+');
  try {
    const logStart = (await log.stat()).size;
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      ...options.user,
      detached: true,
      stdio: [options.holdsInput === true ? 'pipe' : 'ignore', log.fd, log.fd],
    });
    const exited = exitOf(child);
    const { pid } = child;
    if (pid === undefined) throw new StartError(`${name} cannot be started from ${options.command}: ${await exited}.`);
    options.onSpawn?.({ name, pid, stopSignal: options.stopSignal });

    const identity = identityOf(pid);
    let stopping: Promise<void> | undefined;
    const stop = () => (stopping ??= stopChild());
    const stopChild = async () => {
      const outcome = await endProcess(identity, options.stopSignal);
      if (outcome === 'stopped') return;
      const did = outcome === 'killed' ? 'was killed' : 'cannot be killed';
      throw new StartError(
        `${name} (process ${String(pid)}) did not stop within ${String(stopWithinMs / 1000)} s and ${did}; see ${logFile}.`,
      );
    };

    try {
      await untilReady(options, { pid, exited, tail: () => tailOf(log, logStart) });
    } catch (error) {
      await stop().catch(() => undefined);
      throw error;
    }
    return { pid, exited, stop };
  } finally {
    await log.close();
  }
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `ended with exit code ${String(code)}` : `was ended by ${signal}`);
    });
  });
}

async function untilReady(
  { name, logFile, isReady, readyWithinMs, signal }: ChildServerOptions,
  { pid, exited, tail }: { pid: number; exited: Promise<string>; tail: () => Promise<string> },
): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  const ended = exited.then((how) => ({ how }));
  for (;;) {
    const ready = await Promise.race([ended, isReady(pid)]);
    if (ready === true) return;
    if (ready !== false) {
      throw new EarlyExit(`${name} ${ready.how} before it was ready; ${logFile} ends with:\n${await tail()}`);
    }
    signal?.throwIfAborted();
    if (performance.now() > deadline) {
      const waited = `${String(readyWithinMs / 1000)} s`;
      throw new StartError(`${name} was not ready within ${waited}; ${logFile} ends with:\n${await tail()}`);
    }
    await delay(askEveryMs);
  }
}

async function tailOf(log: FileHandle, from: number): Promise<string> {
  const { size } = await log.stat();
  const start = Math.max(from, size - 8_192);
  const { buffer, bytesRead } = await log.read(Buffer.alloc(Math.max(size - start, 0)), { position: start });
  const text = buffer.toString('utf8', 0, bytesRead).trimEnd();
  return text === ''
    ? '  (nothing)'
    : text
        .split('\n')
        .slice(-lastLines)
        .map((line) => `  ${line}`)
        .join('\n');
}

async function rotate(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size > rotateAtBytes) await rename(logFile, `${logFile}.1`);
}
