// A crowd: one project with many influencers, each made by a job of its own, as rows that the API could have written.

import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { query } from '../src/db/database.ts';
import { insertOrganization } from '../src/db/organizations.ts';
import { insertProject } from '../src/db/projects.ts';
import { shots } from '../src/domain/shots.ts';

const name = 'Crowd';
const batchSize = 20_000;

export interface Crowd {
  organizationId: string;
  projectId: string;
}

/** Finds the newest crowd that was loaded. */
export async function findCrowd(database: Knex): Promise<Crowd | undefined> {
  const rows = await query<Crowd>(
    database,
    `select organization_id as "organizationId", id as "projectId" from projects
     where name = :name order by created_at desc limit 1`,
    { name },
  );
  return rows[0];
}

export async function createCrowd(database: Knex): Promise<Crowd> {
  const crowd = { organizationId: newId(), projectId: newId() };
  await insertOrganization(database, { id: crowd.organizationId, name, tier: 'internal' });
  await insertProject(database, {
    organizationId: crowd.organizationId,
    id: crowd.projectId,
    environment: 'live',
    name,
  });
  return crowd;
}

/** Adds influencers to a crowd, a batch a statement: each with a completed job, its first and last event, and one image. */
export async function growCrowd(
  database: Knex,
  crowd: Crowd,
  { count, failedEvery }: { count: number; failedEvery: number },
  onProgress: (loaded: number) => void = () => undefined,
): Promise<void> {
  for (let from = 0; from < count; from += batchSize) {
    const to = Math.min(from + batchSize, count);
    await query(database, batchSql, { ...crowd, from, to, count, failedEvery, shots: [...shots] });
    onProgress(to);
  }
  for (const table of ['influencers', 'jobs', 'job_events', 'job_shots', 'assets', 'influencer_images']) {
    await query(database, `vacuum analyze ${table}`);
  }
}

// Older ones first, a second apart and in the past, as a table fills in life; every so many failed.
const batchSql = `
  with person as materialized (
    select n, gen_random_uuid() as influencer_id, uuidv7() as job_id, gen_random_uuid() as asset_id,
           (now() - (:count::integer - n) * interval '1 second')::timestamptz(3) as at, n % :failedEvery = 0 as has_failed
    from generate_series(:from::integer, :to::integer - 1) as n
  ),
  influencer as (
    insert into influencers (organization_id, id, environment, project_id, job_id, name, identity, attributes, seed, status,
                             error_message, version, created_at, updated_at)
    select :organizationId, influencer_id, 'live', :projectId, job_id, 'Influencer ' || n,
           jsonb_build_object(
             'gender', (array['male', 'female', 'nonbinary', 'unspecified'])[n % 4 + 1], 'ageRange', '25-34',
             'hairColor', 'honey blonde', 'hairStyle', 'long wavy', 'style', 'European minimalist', 'vibe', 'warm, playful',
             'personality', jsonb_build_object('traits', jsonb_build_array('kind', 'quick'), 'tone', 'soft')),
           '{}', md5(n::text), case when has_failed then 'failed' else 'ready' end,
           case when has_failed then 'The images could not be rendered.' end, 3, at, at + interval '4 seconds'
    from person
  ),
  job as (
    insert into jobs (organization_id, id, environment, project_id, influencer_id, kind, status, stage, progress, renderer, shots,
                      input, error, last_seq, started_at, rendering_at, updated_at, finished_at, dispatched_at)
    select :organizationId, job_id, 'live', :projectId, influencer_id, 'influencer_create',
           case when has_failed then 'failed' else 'completed' end, null, 1, 'illustrated', :shots::text[],
           jsonb_build_object('identity', jsonb_build_object('vibe', 'warm, playful'), 'seed', md5(n::text), 'startingImages',
                              '[]'::jsonb),
           case when has_failed then jsonb_build_object(
             'code', 'RENDER_FAILED', 'message', 'The images could not be rendered.', 'retryable', true, 'details', null) end,
           2, at, at + interval '1 second', at + interval '4 seconds', at + interval '4 seconds', at
    from person
  ),
  event as (
    insert into job_events (organization_id, job_id, seq, id, type, at, status, stage, progress, attempt)
    select :organizationId, job_id, seq, gen_random_uuid(),
           case when seq = 1 then 'job.accepted' when has_failed then 'job.failed' else 'job.completed' end,
           at + (seq - 1) * interval '4 seconds',
           case when seq = 1 then 'running' when has_failed then 'failed' else 'completed' end,
           case when seq = 1 then 'queued' end, seq - 1, 1
    from person, generate_series(1, 2) as seq
  ),
  asset as (
    insert into assets (organization_id, id, environment, project_id, kind, mime_type, width, height, size_bytes, sha256,
                        storage_key, thumbnail_key, created_at)
    select :organizationId, asset_id, 'live', :projectId, 'reference_image', 'image/webp', 1024, 1024, 40000,
           md5(n::text) || md5(asset_id::text), asset_id || '.webp', asset_id || '.thumbnail.webp', at + interval '3 seconds'
    from person
  ),
  shot as (
    insert into job_shots (organization_id, job_id, shot, status, asset_id)
    select :organizationId, job_id, 'portrait', 'rendered', asset_id from person
  )
  insert into influencer_images (organization_id, influencer_id, asset_id, role, shot, position, added_at)
  select :organizationId, influencer_id, asset_id, 'rendered', 'portrait', 0, at + interval '3 seconds' from person`;
