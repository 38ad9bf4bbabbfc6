import { mkdirSync } from 'node:fs';
import path from 'node:path';
import pino, { type Logger } from 'pino';
import type { Config } from '../config.ts';

/** Logs as JSON lines to standard output. */
export const openLog = ({ logLevel }: Config): Logger => pino({ level: logLevel });

/** Logs as JSON lines to a file of the data folder, so that the terminal is for people; gives the file too. */
export function openLogFile({ dataDir, logLevel }: Config): { log: Logger; file: string } {
  const file = path.join(dataDir, 'logs', 'doppel.log');
  mkdirSync(path.dirname(file), { recursive: true });
  return { log: pino({ level: logLevel }, pino.destination({ dest: file, sync: true })), file };
}
