import { query, type Trx } from './database.ts';

interface Turn {
  what: string;
  /** A process that sends nothing through `lock` for so long loses its turn, so that one that hangs holds up no other, in ms. */
  maxSilenceMs: number;
}

/**
 * Does something while no other process does it, and gives its result, or null where another one is at it. Ends with the process,
 * whatever happens. What is sent through `lock` sees all that those who had the turn before sent through theirs.
 */
export async function oneAtATime<Result>(
  database: Trx,
  turn: Turn,
  work: (lock: Trx) => Promise<Result>,
): Promise<Result | null> {
  return database.transaction(async (lock) => {
    const [taken] = await query<{ isOurs: boolean }>(
      lock,
      `select set_config('idle_in_transaction_session_timeout', :maxSilence, true),
              pg_try_advisory_xact_lock(hashtextextended(:what, 0)) as "isOurs"`,
      { what: turn.what, maxSilence: String(turn.maxSilenceMs) },
    );
    return taken?.isOurs === true ? work(lock) : null;
  });
}
