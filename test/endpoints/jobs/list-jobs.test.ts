import assert from 'node:assert/strict';
import { formatId, parseId } from '../../../src/domain/ids.ts';
import type { JobStatus } from '../../../src/domain/job.ts';
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
import { createInfluencer, spellingsOf, unknownId } from '../../support/builders.ts';
import { everyPage } from '../../support/pages.ts';
import { brokenRulesOf } from '../../support/refusals.ts';

interface Item {
  jobId: string;
  status: JobStatus;
}

const error = { code: 'RENDER_FAILED', message: '1 of 6 images …', retryable: true, details: { shots: ['profile'] } };

describe('GET /v1/jobs', () => {
  let api: TestApi;
  let tenant: Tenant;

  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api.database);
  });

  const list = (query = '', key = tenant.key): Promise<Reply> => call(`${api.url}/v1/jobs${query}`, { key });
  const idsOf = (items: Item[]) => items.map(({ jobId }) => jobId);
  const idsIn = async (query: string) => idsOf((await list(query)).body.items);
  const end = (jobId: string, status: Exclude<JobStatus, 'running'>) =>
    api
      .database('jobs')
      .where({ id: parseId('job', jobId) })
      .update({ status, stage: null, finished_at: new Date(), error: status === 'failed' ? error : null });
  /** Makes some, and gives the ids of their jobs, the newest first. */
  const createSome = async (count: number, to: Pick<Tenant, 'projectId' | 'key'> = tenant): Promise<string[]> => {
    const made: string[] = [];
    for (let i = 0; i < count; i++) {
      const { jobId } = await createInfluencer(api, to);
      await api
        .database('jobs')
        .where({ id: parseId('job', jobId) })
        .update({ started_at: new Date(Date.UTC(2026, 0, 1, 0, 0, 0, i)) });
      made.unshift(jobId);
    }
    return made;
  };

  it('shows each in short, as the job itself tells it, the newest first', async () => {
    const [running = '', failed = '', completed = ''] = await createSome(3);
    await end(failed, 'failed');
    await end(completed, 'completed');
    const { status, body } = await list();
    assert.equal(status, 200);
    const told = await Promise.all(
      [running, failed, completed].map(async (id) => {
        const reply = await call(`${api.url}/v1/jobs/${id}`, { key: tenant.key });
        const { images, waiting, eta, result, ...item } = reply.body;
        assert.ok([images, waiting, eta, result].every((one) => one !== undefined));
        return item;
      }),
    );
    assert.deepEqual(body, { items: told, nextCursor: null });
    assert.deepEqual(body.items[1].error, error);
  });

  it('is empty where there is none', async () => {
    assert.deepEqual((await list()).body, { items: [], nextCursor: null });
  });

  it('goes to the end in pages of any size, and shows each once', async () => {
    const made = await createSome(7);
    await end(made[1] ?? '', 'canceled');
    await end(made[4] ?? '', 'completed');
    await api
      .database('jobs')
      .whereIn(
        'id',
        made.slice(2, 5).map((id) => parseId('job', id)),
      )
      .update({ started_at: new Date(Date.UTC(2026, 1, 1)) });
    const expected = [...made.slice(2, 5).sort((a, b) => (a < b ? 1 : -1)), ...made.slice(0, 2), ...made.slice(5)];
    for (const limit of [1, 2, 3, 6, 7, 100]) {
      assert.deepEqual(idsOf(await everyPage<Item>(list, { limit })), expected, String(limit));
    }
  });

  it('loses nothing and shows nothing twice while others start and end', async () => {
    const made = await createSome(10);
    const running = [...made];
    const seen = idsOf(
      await everyPage<Item>(list, {
        limit: 2,
        async between() {
          await createInfluencer(api, tenant);
          for (const id of running.splice(0, 3)) await end(id, 'completed');
        },
      }),
    );
    assert.deepEqual(seen, made);
  });

  it('shows only what fits all filters', async () => {
    const projectId = await createTestProject(api.database, tenant.organizationId);
    const elsewhere = await createSome(2, { ...tenant, projectId });
    const here = await createSome(3);
    await end(here[0] ?? '', 'completed');
    await end(here[2] ?? '', 'failed');
    await end(elsewhere[1] ?? '', 'failed');
    assert.deepEqual(await idsIn('?status=completed'), [here[0]]);
    assert.deepEqual(await idsIn(`?status=failed&status=completed&status=failed&projectId=${tenant.projectId}`), [
      here[0],
      here[2],
    ]);
    assert.deepEqual(await idsIn(`?projectId=${projectId}&kind=influencer_create`), elsewhere);
    assert.deepEqual(await idsIn(`?projectId=${projectId}&status=canceled`), []);
    const { body } = await list(`?projectId=${projectId}&limit=1`);
    const { influencerId } = body.items[0];
    for (const spelling of Object.values(spellingsOf('influencer', parseId('influencer', influencerId)))) {
      assert.deepEqual(await idsIn(`?influencerId=${spelling}`), [body.items[0].jobId]);
    }
    assert.deepEqual(await idsIn(`?influencerId=${String(influencerId)}&status=failed`), []);
    assert.deepEqual(await idsIn(`?influencerId=${String(influencerId)}&projectId=${tenant.projectId}`), []);
    for (const spelling of Object.values(spellingsOf('project', parseId('project', projectId)))) {
      assert.deepEqual(await idsIn(`?projectId=${spelling}`), elsewhere);
    }
    assert.deepEqual(await idsIn(`?projectId=${unknownId('project')}`), []);
    assert.deepEqual(await idsIn(`?influencerId=${unknownId('influencer')}`), []);
  });

  it('shows those of its organization’s environment alone', async () => {
    const stranger = await createTenant(api.database);
    await createSome(2, stranger);
    const [mine] = await createSome(1);
    const testKey = await createTestKey(api.database, tenant.organizationId, { environment: 'test' });
    const testProject = await createTestProject(api.database, tenant.organizationId, 'test');
    const [test] = await createSome(1, { key: testKey, projectId: testProject });
    assert.deepEqual(await idsIn(''), [mine]);
    assert.deepEqual(idsOf((await list('', testKey)).body.items), [test]);
    for (const filter of [`projectId=${stranger.projectId}`, `projectId=${testProject}`]) {
      assert.deepEqual(await idsIn(`?${filter}`), []);
    }
  });

  it('refuses a limit, a status, a kind, an id and a filter that are none', async () => {
    const invalid: [query: string, ...rule: [path: string, keyword: string]][] = [
      ['?limit=0', 'query.limit', 'minimum'],
      ['?limit=101', 'query.limit', 'maximum'],
      ['?status=deleted', 'query.status.0', 'enum'],
      ['?kind=video', 'query.kind', 'enum'],
      ['?kind=influencer_create&kind=influencer_create', 'query.kind', 'enum'],
      ['?projectId=me', 'query.projectId', 'pattern'],
      ['?influencerId=me', 'query.influencerId', 'pattern'],
      ['?stage=queued', 'query.stage', 'additionalProperties'],
    ];
    for (const [query, ...rule] of invalid) {
      const reply = await list(query);
      assert.equal(reply.status, 422, query);
      assert.deepEqual(brokenRulesOf(reply), [rule]);
    }
  });

  it('refuses a cursor that is made up, or of another filter or organization', async () => {
    await createSome(3);
    const { body } = await list('?limit=1');
    const cursor = String(body.nextCursor);
    const refused: [query: string, key?: string][] = [
      ['?cursor=x'],
      [`?cursor=${cursor}&status=running`],
      [`?cursor=${cursor}&kind=influencer_create`],
      [`?cursor=${cursor}&projectId=${tenant.projectId}`],
      [`?cursor=${cursor}&influencerId=${formatId('influencer', parseId('project', tenant.projectId))}`],
      [`?cursor=${cursor}`, (await createTenant(api.database)).key],
      [`?cursor=${cursor}`, await createTestKey(api.database, tenant.organizationId, { environment: 'test' })],
    ];
    for (const [query, key] of refused) {
      const reply = await list(query, key);
      assert.equal(reply.status, 422, query);
      assert.deepEqual(brokenRulesOf(reply), [['query.cursor', 'cursor']]);
    }
  });
});
