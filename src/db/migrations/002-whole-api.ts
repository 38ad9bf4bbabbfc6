import type { Knex } from 'knex';

// Expands only: code of the release before runs on this schema.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table projects
      add status text not null default 'active' check (status in ('active', 'archived')),
      add timezone text not null default 'UTC',
      add customer_external_id text check (char_length(customer_external_id) between 1 and 256),
      add primary_language text,
      add metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
      add updated_at timestamptz(3) not null default now(),
      add archived_at timestamptz(3) check ((archived_at is not null) = (status = 'archived'));
    create index projects_newest on projects (organization_id, environment, created_at desc, id desc);
    create index projects_customer
      on projects (organization_id, environment, customer_external_id, created_at desc, id desc)
      where customer_external_id is not null;

    alter table api_keys
      add expires_at timestamptz(3),
      add killed_at timestamptz(3),
      add deleted_at timestamptz(3),
      add rotated_at timestamptz(3);
    create index api_keys_newest on api_keys (organization_id, created_at desc, id desc) where deleted_at is null;

    alter table influencers
      add delete_reason text check (char_length(delete_reason) <= 1024),
      add erased_at timestamptz(3) check (erased_at is null or deleted_at is not null);
    -- Lists read the newest of each status and merge them, so that a rare status is found as fast as a frequent one.
    create index influencers_newest on influencers (organization_id, project_id, status, created_at desc, id desc)
      where deleted_at is null;
    create index influencers_clones on influencers (organization_id, source_influencer_id, created_at desc, id desc)
      where deleted_at is null and source_influencer_id is not null;
    create index influencers_to_erase on influencers (deleted_at) where deleted_at is not null and erased_at is null;

    create index jobs_newest on jobs (organization_id, environment, status, started_at desc, id desc);
    create index jobs_newest_of_project on jobs (organization_id, project_id, status, started_at desc, id desc);
    create index jobs_newest_of_influencer on jobs (organization_id, influencer_id, started_at desc, id desc);
    create index jobs_queued on jobs (organization_id) where status = 'running' and stage = 'queued';
    create index jobs_dispatched on jobs (organization_id) where status = 'running' and dispatched_at is not null;

    -- What a completed job made, as it was then: the influencer's images may change later.
    alter table jobs add result jsonb check (result is null or status = 'completed');

    create table uploads (
      organization_id uuid not null,
      id uuid not null,
      environment text not null,
      project_id uuid not null,
      kind text not null check (kind in ('image', 'reference_image')),
      mime_type text not null,
      filename text,
      -- What the caller declared; null where it did not.
      size_bytes integer check (size_bytes > 0),
      sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
      -- Where its bytes lie; null once it is finalized and they are gone.
      storage_key text unique check (storage_key is not null or asset_id is not null),
      -- The asset that it became.
      asset_id uuid,
      created_at timestamptz(3) not null default now(),
      expires_at timestamptz(3) not null,
      primary key (organization_id, id),
      foreign key (organization_id, environment, project_id) references projects (organization_id, environment, id),
      foreign key (organization_id, asset_id) references assets
    );
    create index uploads_unfinished on uploads (created_at) where asset_id is null;
    create index uploads_finished on uploads (expires_at) where asset_id is not null and storage_key is not null;
    create index uploads_of_asset on uploads (organization_id, asset_id) where asset_id is not null;
    -- What still names an asset is asked when an influencer is erased.
    create index influencer_images_of_asset on influencer_images (organization_id, asset_id);
    create index job_shots_of_asset on job_shots (organization_id, asset_id) where asset_id is not null;
    alter table assets add filename text;

    create table idempotency_keys (
      organization_id uuid not null references organizations,
      key text not null check (char_length(key) between 1 and 255),
      fingerprint bytea not null check (octet_length(fingerprint) = 32),
      -- Null while the request that brought the key is under way: no other transaction ever sees that.
      status integer,
      -- Not jsonb, which would change the order of its fields.
      body json,
      location text,
      etag text,
      created_at timestamptz(3) not null default now(),
      primary key (organization_id, key)
    );
    create index idempotency_keys_old on idempotency_keys (created_at);

    -- How much of a minute's allowance is handed out: to keys by rate class, to addresses by failed authentications.
    create table rate_windows (
      subject text not null,
      minute timestamptz not null,
      used integer not null,
      primary key (subject, minute)
    );
  `);
}
