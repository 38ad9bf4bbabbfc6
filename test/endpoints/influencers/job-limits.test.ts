import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import { acceptJobs } from '../../../src/db/accept.ts';
import { parseId } from '../../../src/domain/ids.ts';
import { queuedJobsLimits, runningJobsLimits } from '../../../src/domain/scopes.ts';
import { shots } from '../../../src/domain/shots.ts';
import {
  call,
  createTenant,
  createTestKey,
  createTestProject,
  startTestApi,
  type Reply,
  type Tenant,
  type TestApi,
} from '../../support/api.ts';
import { setTier } from '../../../src/db/organizations.ts';
import { askingAs } from '../../support/jobs.ts';
import { assertRefused, withoutTrace } from '../../support/refusals.ts';

describe('what one organization may have under way', () => {
  let api: TestApi;
  let tenant: Tenant;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api.database);
    await setTier(api.database, tenant.organizationId, 'standard');
  });

  /** Queues so many jobs at once, as no caller can. */
  const queue = async (count: number) => {
    const asking = await askingAs(api.database, tenant.organizationId);
    const row = () => ({
      ...asking,
      organizationId: tenant.organizationId,
      environment: 'live' as const,
      influencerId: newId(),
      jobId: newId(),
      eventId: newId(),
      name: 'Ava',
      renderer: 'illustrated' as const,
      shots,
      projectId: parseId('project', tenant.projectId),
      identity: {},
      seed: newId(),
      assetIds: [],
      queuedLimit: queuedJobsLimits.standard,
      runningLimit: runningJobsLimits.standard,
    });
    await acceptJobs(api.database, Array.from({ length: count }, row));
  };
  const create = (own: Partial<Tenant> = {}, headers: Record<string, string> = {}): Promise<Reply> => {
    const { projectId, key } = { ...tenant, ...own };
    return call(`${api.url}/v1/projects/${projectId}/influencers`, { key, body: { name: 'Ava' }, headers });
  };
  const ownJobs = () => api.database('jobs').where({ organization_id: tenant.organizationId });

  it('is a thousand queued jobs: the next is refused without a trace, and accepted once one has begun', async () => {
    await queue(999);
    assert.equal((await create()).status, 202);
    const key = { 'Idempotency-Key': newId() };
    const refused = await withoutTrace(api.database, () => create({}, key));
    assertRefused(refused, {
      status: 429,
      code: 'RATE_LIMITED',
      message: '1000 jobs of this organization are queued already.',
      details: { limit: 'queued_jobs' },
    });
    assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    const { projectId, key: otherKey } = await createTenant(api.database);
    assert.equal((await create({ projectId, key: otherKey })).status, 202);

    const one = await ownJobs().first<{ id: string }>('id');
    await api.database('jobs').where({ id: one.id }).update({ stage: 'rendering' });
    assert.equal((await create({}, key)).status, 202);
    assert.equal((await create()).status, 429);
  });

  it('is the same in both environments together, for every key', async () => {
    await queue(1_000);
    const { organizationId } = tenant;
    assert.equal((await create({ key: await createTestKey(api.database, organizationId) })).status, 429);
    const inTest = {
      projectId: await createTestProject(api.database, organizationId, 'test'),
      key: await createTestKey(api.database, organizationId, { environment: 'test' }),
    };
    assert.equal((await create(inTest)).status, 429);
  });

  it('is any number of jobs beyond those that run: they are accepted, and wait unclaimed', async () => {
    await queue(runningJobsLimits.standard);
    await ownJobs().update({ dispatched_at: new Date() });
    const { status, body } = await create();
    assert.deepEqual([status, body.status, body.stage], [202, 'running', 'queued']);
    const job = await api
      .database('jobs')
      .where({ id: parseId('job', String(body.jobId)) })
      .first<{ claimed_until: Date | null; dispatched_at: Date | null }>();
    assert.deepEqual([job.claimed_until, job.dispatched_at], [null, null]);
    const { body: record } = await call(`${api.url}${String(body.locationUrl)}`, { key: tenant.key });
    assert.equal(record.waiting.reason, 'no_worker'); // there is none in this test; with one it is `queued`
  });
});
