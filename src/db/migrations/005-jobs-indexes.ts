import type { Knex } from 'knex';

// Built beside what goes on, since the table may be large: in no transaction, and again from the start where it broke off.
export async function up(knex: Knex): Promise<void> {
  const indexes = {
    jobs_cancellations: '(id) where cancellation_undelivered',
    jobs_unswept: `(finished_at, id) where status <> 'running' and drawings_swept_at is null`,
    jobs_unpruned: `(finished_at, id) where status <> 'running' and events_pruned_at is null`,
  };
  for (const [name, columns] of Object.entries(indexes)) {
    await knex.raw(`drop index concurrently if exists ${name}`);
    await knex.raw(`create index concurrently ${name} on jobs ${columns}`);
  }
}
