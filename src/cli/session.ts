// What a command for callers works with, and how its answer and its errors are told.

import type { Readable, Writable } from 'node:stream';
import { CommanderError, Option, type Command } from 'commander';
import { DoppelClient, DoppelError, NoAnswerError } from '../client/index.ts';
import { StartError } from '../start-error.ts';
import { findAccount, type Account, type Environment } from './account.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { UsageError } from './usage-error.ts';

/** The terminal that a command is called from, and what else it has of the machine. */
export interface Shell {
  environment: Environment;
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable & { isTTY?: boolean };
  /** The account of an `npm start` whose data folder is here. */
  startedAccount: () => Promise<Account | undefined>;
  /** Aborted when the user interrupts what waits. */
  interrupted: () => AbortSignal;
  exitWith: (code: ExitCode) => void;
}

export interface Session extends Shell {
  doppel: DoppelClient;
  /** Prints an answer: as JSON where that was asked for, else as a person reads it. */
  answer: (answer: unknown, inWords: string) => void;
  /** Says something beside the answer. */
  say: (text: string) => void;
  isJson: boolean;
  /** What a change is made with. */
  change: { idempotencyKey?: string };
}

interface CommonOptions {
  json?: boolean;
  idempotencyKey?: string;
}

/** Begins a command that reads. */
export const reading = (command: Command): Command =>
  command.option('--json', 'print what the API answers, for programs');

/** Begins a command that changes something. */
export const changing = (command: Command): Command =>
  reading(command).addOption(
    new Option('--idempotency-key <key>', 'names this change for 24 hours: a repeat has no second effect'),
  );

/** Makes the action of a command: what it needs comes first, then its arguments and options. */
export const inSession =
  <Args extends unknown[]>(shell: Shell, run: (session: Session, ...args: Args) => Promise<ExitCode | undefined>) =>
  async (...args: [...Args, Command]): Promise<void> => {
    const options = (args.at(-1) as Command).opts<CommonOptions>();
    const isJson = options.json === true;
    const say = (text: string) => {
      shell.stderr.write(`${text}\n`);
    };
    const answer = (value: unknown, inWords: string) => {
      shell.stdout.write(`${isJson ? JSON.stringify(value, null, 2) : inWords}\n`);
    };
    try {
      const doppel = new DoppelClient(await findAccount(shell.environment, shell.startedAccount));
      const change = options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey };
      const code = await run({ ...shell, doppel, answer, say, isJson, change }, ...(args.slice(0, -1) as Args));
      if (code !== undefined) shell.exitWith(code);
    } catch (error) {
      shell.exitWith(tell(error, say));
    }
  };

/** Tells of an error in words, and gives the exit code; throws what is a fault of the command itself. */
export function tell(error: unknown, say: (text: string) => void): ExitCode {
  if (error instanceof DoppelError) {
    say(`${error.message}${error.code === null ? '' : ` (${error.code})`}`);
    for (const { path, message } of error.details.issues ?? []) say(`  ${path}: ${message}`);
    if (error.details.required !== undefined) say(`  It takes the scope ${error.details.required}.`);
    if (error.requestId !== null) say(`  Request ${error.requestId}`);
    return exitCodes.refused;
  }
  if (error instanceof NoAnswerError) {
    say(`${error.message} ${causeOf(error)}`.trimEnd());
    if (error.idempotencyKey !== null) {
      say(
        `  Whether it was done is not known. Call it again with --idempotency-key ${error.idempotencyKey}: it is done once.`,
      );
    }
    return exitCodes.failed;
  }
  if (error instanceof UsageError) {
    say(error.message);
    return exitCodes.usage;
  }
  if (error instanceof StartError) {
    say(error.message);
    return exitCodes.failed;
  }
  // It has said why.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  throw error;
}

/** Why a connection was not to be had, as Node says it: below what `fetch` throws. */
function causeOf({ cause }: Error): string {
  const below = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return below instanceof Error && below.message !== '' ? `(${below.message})` : '';
}
