import type { Knex } from 'knex';

// Expands only: code of the release before runs on this schema.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table assets
      -- Since when it is known that nothing names the asset.
      add unused_since timestamptz(3);
  `);
}
