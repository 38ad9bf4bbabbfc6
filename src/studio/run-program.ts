import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

interface RunOptions {
  env: Readonly<NodeJS.ProcessEnv>;
  cwd: string;
  /** The open file that gets all that it writes. */
  log: number;
  onSpawn: (pid: number) => void;
  /** Called with each line that it writes and that is not empty. */
  onLine: (line: string) => void;
  signal: AbortSignal;
}

/** How pip, uv and npm begin the line that says what went wrong; other lines of theirs follow it. */
const says = /^(error: |npm (error|ERR!) (?!code|errno|syscall))/i;

/** Runs a program to its end; rejects with what it says went wrong, else its last line, where that is not a good one. */
export async function runProgram(command: string, args: readonly string[], options: RunOptions): Promise<void> {
  const { env, cwd, log, onSpawn, onLine, signal } = options;
  writeSync(log, `$ ${[command, ...args].join(' ')}\n`);
  const child = spawn(command, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  if (child.pid !== undefined) onSpawn(child.pid);
  let fault = '';
  let last = '';
  for (const output of [child.stdout, child.stderr]) {
    createInterface(output).on('line', (line) => {
      writeSync(log, `${line}\n`);
      if (line.trim() === '') return;
      last = line.trim();
      if (says.test(line)) fault ||= last;
      onLine(last);
    });
  }
  const [code, endedBy] = await ended;
  if (code !== 0) throw new Error(fault || last || `it ended with ${endedBy ?? `exit code ${String(code)}`}`);
}
