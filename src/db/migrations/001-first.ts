import type { Knex } from 'knex';

// A migration is history: its lists are written out, and a test compares the newest schema with the constants of the domain.
// Every key of a tenant's table begins with its organization, so that a query which forgets the tenant finds no index.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table organizations (
      id uuid primary key,
      name text not null check (char_length(name) between 1 and 128),
      tier text not null check (tier in ('standard', 'pilot', 'partner', 'internal')),
      created_at timestamptz(3) not null default now()
    );

    create table api_keys (
      organization_id uuid not null references organizations,
      id uuid not null,
      name text not null check (char_length(name) between 1 and 128),
      environment text not null check (environment in ('live', 'test')),
      -- What a secret is looked up by: the sixteen characters of the key that are no secret.
      lookup text not null unique check (lookup ~ '^[a-z2-7]{16}$'),
      secret_sha256 bytea not null check (octet_length(secret_sha256) = 32),
      scopes text[] not null check (cardinality(scopes) between 1 and 64),
      created_at timestamptz(3) not null default now(),
      primary key (organization_id, id)
    );

    create table projects (
      organization_id uuid not null references organizations,
      id uuid not null,
      environment text not null check (environment in ('live', 'test')),
      name text not null check (char_length(name) between 1 and 128),
      created_at timestamptz(3) not null default now(),
      primary key (organization_id, id),
      unique (organization_id, environment, id)
    );

    create table influencers (
      organization_id uuid not null,
      id uuid not null,
      environment text not null,
      project_id uuid not null,
      source_influencer_id uuid,
      job_id uuid not null,
      name text not null check (char_length(name) between 1 and 128),
      identity jsonb not null check (jsonb_typeof(identity) = 'object'),
      attributes jsonb not null check (jsonb_typeof(attributes) = 'object'),
      seed text not null,
      status text not null check (status in ('pending', 'training', 'ready', 'failed', 'deleted')),
      error_message text check ((error_message is not null) = (status = 'failed')),
      version integer not null default 1 check (version > 0),
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      deleted_at timestamptz(3) check ((deleted_at is not null) = (status = 'deleted')),
      primary key (organization_id, id),
      foreign key (organization_id, environment, project_id) references projects (organization_id, environment, id),
      foreign key (organization_id, source_influencer_id) references influencers
    );

    create table jobs (
      organization_id uuid not null,
      id uuid not null unique, -- is a workflow's id too
      environment text not null,
      project_id uuid not null,
      influencer_id uuid not null,
      kind text not null check (kind in ('influencer_create')),
      status text not null default 'running' check (status in ('running', 'completed', 'failed', 'canceled')),
      stage text default 'queued' check (stage in ('queued', 'copying_references', 'rendering', 'finalizing')),
      progress double precision not null default 0 check (progress between 0 and 1),
      attempt integer not null default 1 check (attempt > 0),
      renderer text not null,
      shots text[] not null check (cardinality(shots) > 0),
      input jsonb not null,
      error jsonb check ((error is not null) = (status = 'failed')),
      last_seq integer not null default 1 check (last_seq > 0),
      started_at timestamptz(3) not null default now(),
      rendering_at timestamptz(3),
      updated_at timestamptz(3) not null default now(),
      finished_at timestamptz(3),
      -- The outbox: until dispatched_at is set, whoever claims the row starts the attempt's workflow.
      dispatched_at timestamptz(3),
      claimed_until timestamptz(3),
      primary key (organization_id, id),
      foreign key (organization_id, environment, project_id) references projects (organization_id, environment, id),
      foreign key (organization_id, influencer_id) references influencers,
      check ((status = 'running') = (stage is not null)),
      check ((status = 'running') = (finished_at is null))
    );
    create unique index jobs_one_running_per_influencer on jobs (organization_id, influencer_id) where status = 'running';
    create index jobs_undispatched on jobs (organization_id, id) where dispatched_at is null and status = 'running';
    create index jobs_durations on jobs (renderer, finished_at) where status = 'completed';
    alter table influencers add foreign key (organization_id, job_id) references jobs;

    create table job_events (
      organization_id uuid not null,
      job_id uuid not null,
      seq integer not null check (seq > 0),
      id uuid not null,
      type text not null check (type in ('job.accepted', 'job.progress', 'job.completed', 'job.failed', 'job.canceled')),
      at timestamptz(3) not null default now(),
      status text not null check (status in ('running', 'completed', 'failed', 'canceled')),
      stage text check (stage in ('queued', 'copying_references', 'rendering', 'finalizing')),
      progress double precision not null,
      attempt integer not null,
      shot text,
      asset_id uuid,
      error jsonb,
      primary key (organization_id, job_id, seq),
      foreign key (organization_id, job_id) references jobs
    );

    create table assets (
      organization_id uuid not null,
      id uuid not null,
      environment text not null,
      project_id uuid not null,
      kind text not null check (kind in ('image', 'reference_image')),
      mime_type text not null,
      width integer not null check (width > 0),
      height integer not null check (height > 0),
      size_bytes integer not null check (size_bytes > 0),
      sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
      storage_key text not null unique,
      thumbnail_key text not null unique,
      provenance jsonb,
      created_at timestamptz(3) not null default now(),
      primary key (organization_id, id),
      foreign key (organization_id, environment, project_id) references projects (organization_id, environment, id)
    );

    create table influencer_images (
      organization_id uuid not null,
      influencer_id uuid not null,
      asset_id uuid not null,
      role text not null check (role in ('uploaded', 'rendered', 'starting')),
      shot text check (shot in ('portrait', 'three_quarter', 'profile', 'smiling', 'half_length', 'full_length')),
      position integer not null,
      added_at timestamptz(3) not null default now(),
      primary key (organization_id, influencer_id, role, asset_id),
      foreign key (organization_id, influencer_id) references influencers,
      foreign key (organization_id, asset_id) references assets
    );
    create unique index influencer_images_one_rendered_per_shot
      on influencer_images (organization_id, influencer_id, shot) where role = 'rendered';

    create table job_shots (
      organization_id uuid not null,
      job_id uuid not null,
      shot text not null check (shot in ('portrait', 'three_quarter', 'profile', 'smiling', 'half_length', 'full_length')),
      status text not null check (status in ('pending', 'rendering', 'rendered', 'failed')),
      asset_id uuid,
      error jsonb,
      primary key (organization_id, job_id, shot),
      foreign key (organization_id, job_id) references jobs,
      foreign key (organization_id, asset_id) references assets,
      check ((asset_id is not null) = (status = 'rendered')),
      check ((error is not null) = (status = 'failed'))
    );

    -- Which worker processes live: each touches its row every few seconds.
    create table workers (
      id uuid primary key,
      started_at timestamptz(3) not null default now(),
      seen_at timestamptz(3) not null default now()
    );
  `);
}
