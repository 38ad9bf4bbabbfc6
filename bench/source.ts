// The influencer that is cloned over and over, of an organization whose running jobs are as many as may run: what is accepted waits,
// so that accepting is all that is done.

import { v7 as newId } from 'uuid';
import { query } from '../src/db/database.ts';
import { formatId } from '../src/domain/ids.ts';
import { runningJobsLimits } from '../src/domain/scopes.ts';
import { shots } from '../src/domain/shots.ts';
import { createTenant } from '../test/support/api.ts';
import type { Bench } from './bench.ts';
import type { Asked } from './load.ts';

export interface Source {
  organizationId: string;
  influencerId: string;
  key: string;
}

const identity = {
  gender: 'female',
  ageRange: '25-34',
  hair: 'long, dark, wavy',
  style: 'minimal streetwear',
  vibe: 'warm, curious',
  personality: { tone: 'dry', traits: ['patient', 'direct'] },
};

/** Makes an organization of its own with an influencer that may be cloned. */
export async function createSource({ database }: Pick<Bench, 'database'>): Promise<Source> {
  const { organizationId, key } = await createTenant(database);
  const influencerId = newId();
  await query(
    database,
    `with made as (
       select case number when 0 then :influencerId::uuid else uuidv7() end as influencer_id, uuidv7() as job_id, number,
              p.organization_id, p.environment, p.id as project_id
       from projects p, generate_series(0, :running::integer) number
       where p.organization_id = :organizationId
     ),
     job as (
       insert into jobs (organization_id, id, environment, project_id, influencer_id, kind, renderer, shots, input, dispatched_at, stage)
       select organization_id, job_id, environment, project_id, influencer_id, 'influencer_create', 'illustrated', :shots,
              '{}', now(), 'rendering'
       from made
     )
     insert into influencers (organization_id, id, environment, project_id, job_id, name, identity, attributes, seed, status)
     select organization_id, influencer_id, environment, project_id, job_id, 'Ava Chen', :identity::jsonb, '{}', 'seed', 'training'
     from made`,
    {
      organizationId,
      influencerId,
      running: runningJobsLimits.internal,
      shots: [...shots],
      identity: JSON.stringify(identity),
    },
  );
  return { organizationId, influencerId, key };
}

/** What is asked for. */
export const clone = { name: 'Ava Chen (EU)', overrides: { vibe: 'sharper, more deadpan' } };

/** A clone of it, as a caller asks for one. */
export const askForClone = ({ influencerId, key }: Pick<Source, 'influencerId' | 'key'>): Asked => ({
  method: 'POST',
  path: `/v1/influencers/${formatId('influencer', influencerId)}/clone`,
  headers: { 'X-Api-Key': key, 'Idempotency-Key': 'bench-{n}' },
  body: JSON.stringify(clone),
});

/** How many jobs it has. */
export async function countJobs({ database }: Pick<Bench, 'database'>, { organizationId }: Source): Promise<number> {
  const [row] = await query<{ count: number }>(
    database,
    'select count(*)::integer as count from jobs where organization_id = :organizationId',
    { organizationId },
  );
  return row?.count ?? 0;
}
