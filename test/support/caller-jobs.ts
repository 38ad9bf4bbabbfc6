// Jobs that a caller started over HTTP, moved on by the activities that a worker would run.

import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import type { Activities } from '../../activities/index.ts';
import { parseId } from '../../src/domain/ids.ts';
import { activitiesWith } from './activities.ts';
import { silent, type Tenant, type TestApi } from './api.ts';
import type { Created } from './builders.ts';
import type { TestJob } from './jobs.ts';
import { plainRenderer } from './plain-renderer.ts';

/** The activities over what this API works with. */
export const activitiesOf = ({ database, storage }: TestApi): Activities =>
  activitiesWith({
    database,
    storage,
    renderers: { illustrated: plainRenderer() },
    paidImages: { perJob: 0, perDay: 0 },
    newId,
    log: silent,
  });

/** A job as Postgres knows it, of what its caller was answered. */
export const jobOf = (tenant: Pick<Tenant, 'organizationId' | 'projectId'>, created: Created): TestJob => ({
  organizationId: tenant.organizationId,
  projectId: parseId('project', tenant.projectId),
  influencerId: parseId('influencer', created.influencerId),
  jobId: parseId('job', created.jobId),
  attempt: 1,
  kind: 'influencer_create',
  sourceInfluencerId: null,
  tier: 'internal',
  hasWaited: false,
});

/** As if its workflow had been started, where no Temporal is. */
export const dispatched = (database: Knex, { jobId }: Pick<TestJob, 'jobId'>): Promise<number> =>
  database('jobs').where({ id: jobId }).update({ dispatched_at: new Date(), claimed_until: null });
