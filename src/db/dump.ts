// All rows of the service as JSON, at one moment, and back: what a backup is made of. No Postgres client is needed, and the rows go into
// whatever version of Postgres has the same schema.

import type { Knex } from 'knex';
import { query, type Trx } from './database.ts';

const rowsAtOnce = 1_000;

/** What is made anew by itself: who works now, and what was asked within the last minutes. */
const passing = ['workers', 'rate_windows'];

/** A table of ours by its name, as it stands in a statement. */
type Table = string;

/** Names the tables with what has to be kept. */
async function tablesOf(trx: Trx): Promise<Table[]> {
  const rows = await query<{ name: string }>(
    trx,
    `select table_name as name from information_schema.tables
     where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name not like 'migrations%'
     order by 1`,
  );
  return rows.map(({ name }) => name).filter((name) => !passing.includes(name));
}

/** Hands over every table's rows, each as a line of JSON, all as they were when it began; whoever writes meanwhile is not held up. */
export async function dumpRows(
  database: Knex,
  take: (table: Table, rows: AsyncIterable<string[]>) => Promise<void>,
): Promise<void> {
  await database.transaction(
    async (trx) => {
      for (const table of await tablesOf(trx)) {
        await query(trx, `declare dumped no scroll cursor for select to_jsonb(t)::text as line from "${table}" t`);
        await take(table, fetched(trx));
        await query(trx, 'close dumped');
      }
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}

async function* fetched(trx: Trx): AsyncGenerator<string[]> {
  for (;;) {
    const rows = await query<{ line: string }>(trx, `fetch ${String(rowsAtOnce)} from dumped`);
    if (rows.length === 0) return;
    yield rows.map(({ line }) => line);
  }
}

/** Whether a database has no row of ours. */
export async function isEmpty(database: Trx): Promise<boolean> {
  const rows = await query(database, 'select from organizations limit 1');
  return rows.length === 0;
}

/** Lines of JSON that were dumped, by table. */
export type DumpedRows = ReadonlyMap<Table, AsyncIterable<string[]>>;

/**
 * Puts rows into a database that has none, with the schema that they were dumped of, in one transaction: all of them, or none. What
 * Temporal knew of them it need not know any more: jobs that run, and webhooks that are pending, are to be started anew.
 */
export async function restoreRows(database: Knex, dumped: DumpedRows): Promise<void> {
  await database.transaction(async (trx) => {
    const tables = await tablesOf(trx);
    const unknown = [...dumped.keys()].filter((table) => !tables.includes(table));
    if (unknown.length > 0) throw new Error(`the schema has no table ${unknown.join(', ')}`);
    // Tables refer to each other in a circle: that all is there is looked at in the end.
    const references = await query<{ table: string; name: string; definition: string }>(
      trx,
      `select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as definition
       from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace`,
    );
    for (const { table, name } of references) await query(trx, `alter table ${table} drop constraint "${name}"`);
    for (const [table, lines] of dumped) {
      for await (const some of lines) {
        await query(
          trx,
          `insert into "${table}" select * from jsonb_populate_recordset(null::"${table}", :rows::jsonb)`,
          { rows: `[${some.join(',')}]` },
        );
      }
    }
    for (const { table, name, definition } of references) {
      await query(trx, `alter table ${table} add constraint "${name}" ${definition}`);
    }
    await query(
      trx,
      `update jobs
       set dispatched_at = null, claimed_until = null, rendering_at = null, attempt_at = now(),
           cancellation_undelivered = cancel_requested_at is not null or timed_out_at is not null
       where status = 'running'`,
    );
    await query(
      trx,
      `update webhook_deliveries set dispatched_at = null, claimed_until = null where status = 'pending'`,
    );
  });
}
