import type { Knex } from 'knex';
import type { Logger } from 'pino';
import { clockOffsetMs } from './db/clock.ts';

const measureEveryMs = 60_000;

/** Tells Postgres's time: what is signed by one process is checked by another, and their own clocks may differ. */
export async function databaseClock(database: Knex, log: Logger): Promise<{ now: () => Date; close: () => void }> {
  let offsetMs = await clockOffsetMs(database);
  const timer = setInterval(() => {
    clockOffsetMs(database).then(
      (measured) => {
        offsetMs = measured;
      },
      (error: unknown) => {
        log.warn({ err: error }, 'the clock of Postgres could not be read; the last offset stays');
      },
    );
  }, measureEveryMs).unref();
  return {
    now: () => new Date(Date.now() + offsetMs),
    close: () => {
      clearInterval(timer);
    },
  };
}
