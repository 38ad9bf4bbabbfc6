import { mkdirSync } from 'node:fs';
import path from 'node:path';
import pino, { type DestinationStream, type Logger } from 'pino';
import type { Config } from '../config.ts';

/** How much of a text of an error is logged, in UTF-16 code units: whoever sends us megabytes does not fill a disk with them. */
const errorTextMax = 10_000;

const cut = (text: string) =>
  text.length <= errorTextMax ? text : `${text.slice(0, errorTextMax)}… (${String(text.length)} in all)`;

/** An error as pino shows it, cut; what else was thrown as it is. */
function errorOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const shown = pino.stdSerializers.err(error);
  return { ...shown, message: cut(shown.message), stack: cut(shown.stack) };
}

/** Logs as JSON lines, to standard output unless told otherwise. */
export const openLog = ({ logLevel }: Pick<Config, 'logLevel'>, to: DestinationStream = pino.destination(1)): Logger =>
  pino({ level: logLevel, serializers: { err: errorOf } }, to);

/** Logs to a file of the data folder, so that the terminal is for people; gives the file too. */
export function openLogFile(config: Pick<Config, 'dataDir' | 'logLevel'>): { log: Logger; file: string } {
  const file = path.join(config.dataDir, 'logs', 'doppel.log');
  mkdirSync(path.dirname(file), { recursive: true });
  return { log: openLog(config, pino.destination({ dest: file, sync: true })), file };
}
