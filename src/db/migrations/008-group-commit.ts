import type { Knex } from 'knex';

// Expands only: code of the release before runs on this schema.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table idempotency_keys
      -- The job that was accepted under the key: the reply is made of it, where no other is stored.
      add job_id uuid;
  `);
}
