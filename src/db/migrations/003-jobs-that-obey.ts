import type { Knex } from 'knex';

// Expands only: code of the release before runs on this schema.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table jobs
      -- When this attempt was accepted.
      add attempt_at timestamptz(3) not null default now(),
      -- Why a running attempt is to be stopped; it is then never finalized.
      add cancel_requested_at timestamptz(3),
      add timed_out_at timestamptz(3),
      -- The outbox of cancellations: while it is set, whoever claims the row cancels the attempt's workflow.
      add cancellation_undelivered boolean not null default false,
      add cancellation_claimed_until timestamptz(3),
      -- How often the attempt was started anew, since Temporal had lost its workflow.
      add restarts integer not null default 0 check (restarts >= 0),
      -- What is done once to a job that has ended.
      add drawings_swept_at timestamptz(3),
      add events_pruned_at timestamptz(3);

    -- When a shot's last drawing began, which is not when its turn came, and when it was rendered or failed.
    alter table job_shots
      add started_at timestamptz(3),
      add settled_at timestamptz(3);
  `);
}
