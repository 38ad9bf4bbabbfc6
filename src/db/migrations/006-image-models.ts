import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Each time that a renderer that costs money was asked for an image; written before it is asked.
    create table paid_images (
      organization_id uuid not null,
      id uuid not null,
      job_id uuid not null,
      attempt integer not null,
      shot text not null,
      ordered_at timestamptz(3) not null default now(),
      -- Null while it is being drawn, and for ever where the worker died: it may have been.
      outcome text check (outcome in ('drawn', 'unusable', 'rejected', 'unanswered', 'not_drawn')),
      primary key (organization_id, id),
      foreign key (organization_id, job_id) references jobs (organization_id, id)
    );
    create index paid_images_of_job on paid_images (organization_id, job_id);
    create index paid_images_of_day on paid_images (organization_id, ordered_at);
  `);
}
