// The commands for callers, as a shell runs them, but in this process.

import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import type { Environment } from '../../src/cli/account.ts';
import { exitCodes, type ExitCode } from '../../src/cli/exit-codes.ts';
import { addCallerCommands } from '../../src/cli/index.ts';
import { tell, type Shell } from '../../src/cli/session.ts';

export interface Ran {
  code: ExitCode;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  environment: Environment;
  /** What is read from standard input; nobody sits at a terminal. */
  stdin?: string;
  /** The user's interruption, of whatever waits. */
  interruption?: AbortSignal;
  startedAccount?: Shell['startedAccount'];
}

/** Runs `doppel …` and gives what it said. */
export async function run(args: readonly string[], options: RunOptions): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said = Promise.all([text(stdout), text(stderr)]);
  const say = (line: string) => {
    stderr.write(`${line}\n`);
  };
  let code: ExitCode = exitCodes.done;
  const program = new Command('doppel').exitOverride().configureOutput({
    writeOut: (chunk) => stdout.write(chunk),
    writeErr: (chunk) => stderr.write(chunk),
  });
  addCallerCommands(program, {
    environment: options.environment,
    stdin: Readable.from([options.stdin ?? '']),
    stdout,
    stderr,
    startedAccount: options.startedAccount ?? (() => Promise.resolve(undefined)),
    interrupted: () => options.interruption ?? new AbortController().signal,
    exitWith: (ended) => {
      code = ended;
    },
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    code = tell(error, say);
  }
  stdout.end();
  stderr.end();
  const [out, err] = await said;
  return { code, stdout: out, stderr: err };
}
