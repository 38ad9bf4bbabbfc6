// What Knex says of its own dialect to those that extend it is code alone.
declare module 'knex/lib/dialects/postgres/index.js' {
  import type { Knex } from 'knex';
  import type pg from 'pg';

  export default class Client_PG extends Knex.Client {
    _query(connection: pg.Client, statement: unknown): Promise<unknown>;
  }
}
