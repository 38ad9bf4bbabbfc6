import { once } from 'node:events';
import knex, { type Knex } from 'knex';
import PostgresDialect from 'knex/lib/dialects/postgres/index.js';
import pg from 'pg';

/** What every query takes first: the pool, or a transaction on it. */
export type Trx = Knex;

const silent = () => undefined;

export interface PoolOptions {
  /** In connections. */
  poolMax?: number;
  /** A statement that is not answered within so many ms fails, whether Postgres says so or the network is silent; without it statements take their time. */
  timeoutMs?: number;
  /** One that waits longer for a lock fails; without it it waits for as long as it may take. */
  lockTimeoutMs?: number;
  /** Plans a statement once for whatever is asked, not for each: where its values say nothing of how to go about it. */
  plansOnce?: boolean;
}

const acquireWithinMs = 5_000;

/**
 * A connection that did not answer in time may carry nothing any more, and pg and Knex would keep it, for one after another to wait
 * on in vain: this one ends it.
 */
class ImpatientDialect extends PostgresDialect {
  override async _query(connection: pg.Client, statement: unknown): Promise<unknown> {
    try {
      return await super._query(connection, statement);
    } catch (error) {
      const { stream } = connection.connection;
      if (isReadTimeout(error) && !stream.destroyed) {
        stream.destroy();
        await once(connection, 'end'); // from now on Knex knows
      }
      throw error;
    }
  }
}

/** Opens a pool on Postgres; nothing is dialled before the first query. */
export function openDatabase(
  connectionString: string,
  { poolMax = 10, timeoutMs, lockTimeoutMs, plansOnce = false }: PoolOptions = {},
): Knex {
  return knex({
    client: ImpatientDialect,
    connection: {
      connectionString,
      application_name: 'doppel',
      connectionTimeoutMillis: 3_000,
      ...(timeoutMs === undefined ? {} : { statement_timeout: timeoutMs, query_timeout: timeoutMs * 1.1 }),
      ...(lockTimeoutMs === undefined ? {} : { lock_timeout: lockTimeoutMs }),
      ...(plansOnce ? { options: '-c plan_cache_mode=force_generic_plan' } : {}),
    },
    // While Postgres is away, one that waits is told so for each dial that fails, and dialling goes on after this.
    pool: { min: 0, max: poolMax, createRetryIntervalMillis: 10 },
    acquireConnectionTimeout: Math.min(timeoutMs ?? acquireWithinMs, acquireWithinMs),
    // Knex would print to the console what it throws anyway.
    log: { warn: silent, error: silent, debug: silent, deprecate: silent },
  });
}

/** How many connections of a pool are used and free now, and how many wait for one. */
export function poolUseOf(database: Knex): { used: number; free: number; waiting: number } {
  const { pool } = database.client as { pool: Record<'numUsed' | 'numFree' | 'numPendingAcquires', () => number> };
  return { used: pool.numUsed(), free: pool.numFree(), waiting: pool.numPendingAcquires() };
}

/** The name of each statement that has bindings: there are as many as there are in this code. */
const names = new Map<string, string>();

function nameOf(sql: string): string {
  const name = names.get(sql) ?? `doppel-${String(names.size)}`;
  names.set(sql, name);
  return name;
}

/**
 * Runs one statement with named bindings and gives its rows. One that has bindings is prepared on each connection that it comes to:
 * planning takes Postgres several times as long as running it. So the text depends on the code alone, never on what callers send.
 */
export async function query<Row>(trx: Trx, sql: string, bindings?: Record<string, unknown>): Promise<Row[]> {
  const statement = trx.raw<{ rows: Row[] }>(sql, (bindings ?? {}) as Record<string, Knex.Value>);
  const { rows } = await (bindings === undefined ? statement : statement.options({ name: nameOf(sql) }));
  return rows;
}

/** The five-character SQLSTATE of an error that Postgres reported, or null for an error of another kind. */
export function sqlStateOf(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? null) : null;
}

/** The name of the constraint that a statement violated, or null for an error of another kind. */
export function violatedConstraintOf(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.constraint ?? null) : null;
}

/**
 * Tells whether an error means that Postgres cannot do it now, so that the same may work later: no connection, a deadlock,
 * a lock, a disk that fails, or otherwise SQLSTATE class 08, 40, 53, 57, 58 ([appendix A](https://www.postgresql.org/docs/current/errcodes-appendix.html)).
 */
export function isUnavailable(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== null) return /^(08|40|53|57|58|55P03)/.test(state);
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  const { code } = error as NodeJS.ErrnoException;
  return (
    error.name === 'KnexTimeoutError' ||
    (code !== undefined &&
      ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'].includes(code)) ||
    isReadTimeout(error) ||
    // pg gives these no code, and Knex puts the statement before them
    /Connection terminated|not queryable|timeout (expired|exceeded)/.test(error.message)
  );
}

const isReadTimeout = (error: unknown): boolean =>
  error instanceof Error && error.message.endsWith('Query read timeout');
