import type { Knex } from 'knex';

// Expands only: code of the release before runs on this schema.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table webhook_endpoints (
      organization_id uuid not null references organizations,
      id uuid not null,
      environment text not null check (environment in ('live', 'test')),
      -- Null: of all projects.
      project_id uuid,
      url text not null check (char_length(url) between 1 and 2048),
      events text[] not null check (
        cardinality(events) between 1 and 5
        and events <@ array['job.completed', 'job.failed', 'job.canceled', 'job.progress', 'influencer.ready']
      ),
      description text check (char_length(description) <= 256),
      status text not null default 'enabled' check (status in ('enabled', 'disabled', 'paused')),
      status_reason text check (status_reason in ('by_caller', 'gone_410', 'failures')),
      consecutive_failures integer not null default 0 check (consecutive_failures >= 0),
      paused_at timestamptz(3) check ((paused_at is not null) = (status = 'paused')),
      -- Rises when the caller sets url or status: an attempt that began before says nothing of the endpoint as it is then.
      generation integer not null default 1 check (generation > 0),
      -- They sign, so they are kept as they are; null once the endpoint is deleted.
      secret bytea check (octet_length(secret) = 32),
      previous_secret bytea check (octet_length(previous_secret) = 32),
      previous_secret_until timestamptz(3),
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      deleted_at timestamptz(3),
      primary key (organization_id, id),
      foreign key (organization_id, environment, project_id) references projects (organization_id, environment, id),
      check ((status_reason is null) = (status = 'enabled')),
      check ((secret is null) = (deleted_at is not null)),
      check ((previous_secret is null) = (previous_secret_until is null))
    );
    create index webhook_endpoints_newest on webhook_endpoints (organization_id, environment, created_at desc, id desc)
      where deleted_at is null;
    create index webhook_endpoints_deleted on webhook_endpoints (deleted_at) where deleted_at is not null;
    create index webhook_endpoints_rotated on webhook_endpoints (previous_secret_until)
      where previous_secret_until is not null;

    create table webhook_deliveries (
      organization_id uuid not null,
      id uuid not null unique, -- is a workflow's id too
      webhook_endpoint_id uuid not null,
      event_id uuid not null,
      type text not null check (
        type in ('job.completed', 'job.failed', 'job.canceled', 'job.progress', 'influencer.ready', 'webhook.test')
      ),
      -- The job's event; null for a test. No foreign key: events are forgotten.
      job_id uuid,
      seq integer,
      status text not null default 'pending' check (status in ('pending', 'delivered', 'failed', 'held')),
      status_reason text check (
        status_reason in ('exhausted', 'gone_410', 'endpoint_disabled', 'endpoint_deleted', 'event_forgotten')
      ),
      run integer not null default 1 check (run > 0),
      -- How often its workflow was lost, since a caller or a pause began it anew.
      restarts integer not null default 0 check (restarts >= 0),
      created_at timestamptz(3) not null default now(),
      delivered_at timestamptz(3) check ((delivered_at is not null) = (status = 'delivered')),
      next_attempt_at timestamptz(3) check ((next_attempt_at is not null) = (status = 'pending')),
      -- The outbox: until dispatched_at is set, whoever claims the row starts the run's workflow.
      dispatched_at timestamptz(3),
      claimed_until timestamptz(3),
      primary key (organization_id, id),
      foreign key (organization_id, webhook_endpoint_id) references webhook_endpoints,
      check ((status_reason is not null) = (status = 'failed')),
      check ((job_id is null) = (type = 'webhook.test')),
      check ((job_id is null) = (seq is null))
    );
    -- Lists read the newest of each status and merge them.
    create index webhook_deliveries_newest
      on webhook_deliveries (organization_id, webhook_endpoint_id, status, created_at desc, id desc);
    create index webhook_deliveries_undispatched on webhook_deliveries (organization_id, id)
      where dispatched_at is null and status = 'pending';
    create index webhook_deliveries_due on webhook_deliveries (next_attempt_at, id)
      where dispatched_at is not null and status = 'pending';
    create index webhook_deliveries_under_way on webhook_deliveries (organization_id, next_attempt_at)
      where dispatched_at is not null and status = 'pending';
    create index webhook_deliveries_held on webhook_deliveries (organization_id, webhook_endpoint_id, id)
      where status = 'held';
    create index webhook_deliveries_ended on webhook_deliveries (created_at) where status <> 'pending';

    create table webhook_attempts (
      organization_id uuid not null,
      delivery_id uuid not null,
      run integer not null,
      attempt integer not null check (attempt > 0),
      at timestamptz(3) not null,
      duration_ms integer not null check (duration_ms >= 0),
      status_code integer,
      error text check (
        error in (
          'address_not_allowed', 'dns', 'connection_refused', 'connection_lost', 'unreachable', 'timeout', 'tls',
          'bad_response', 'other'
        )
      ),
      response_excerpt text check (char_length(response_excerpt) <= 1024),
      primary key (organization_id, delivery_id, run, attempt),
      foreign key (organization_id, delivery_id) references webhook_deliveries on delete cascade,
      check ((status_code is null) = (error is not null))
    );
  `);
}
