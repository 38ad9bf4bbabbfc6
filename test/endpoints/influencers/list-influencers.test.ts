import assert from 'node:assert/strict';
import { v4 as randomId } from 'uuid';
import { formatId, parseId } from '../../../src/domain/ids.ts';
import { visibleStatuses, type VisibleStatus } from '../../../src/domain/influencer.ts';
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
import { addImage, createInfluencer, setStatus, spellingsOf, unknownId } from '../../support/builders.ts';
import { everyPage } from '../../support/pages.ts';
import { assertRefused, brokenRulesOf } from '../../support/refusals.ts';

interface Item {
  influencerId: string;
  status: VisibleStatus;
  createdAt: string;
}

describe('GET /v1/projects/:projectId/influencers', () => {
  let api: TestApi;
  let tenant: Tenant;

  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api.database);
  });

  const list = (query = '', { projectId, key }: Pick<Tenant, 'projectId' | 'key'> = tenant): Promise<Reply> =>
    call(`${api.url}/v1/projects/${projectId}/influencers${query}`, { key });
  const idsOf = (items: Item[]) => items.map(({ influencerId }) => influencerId);
  const idsIn = async (query: string) => idsOf((await list(query)).body.items);

  /** Makes some, each a millisecond younger than the one before, and gives their ids, the youngest first. */
  const createSome = async (count: number): Promise<string[]> => {
    const made: string[] = [];
    for (let i = 0; i < count; i++) {
      // Ids of the caller's own: they are no order.
      const { influencerId } = await createInfluencer(api, tenant, {
        influencerId: randomId(),
        name: `No. ${String(i)}`,
      });
      await createdAt(influencerId, new Date(Date.UTC(2026, 0, 1, 0, 0, 0, i)));
      made.unshift(influencerId);
    }
    return made;
  };
  const createdAt = (influencerId: string, at: Date) =>
    api
      .database('influencers')
      .where({ id: parseId('influencer', influencerId) })
      .update({ created_at: at });

  it('shows each in short, the newest first', async () => {
    const older = await createInfluencer(api, tenant, { name: 'Ava', gender: 'female', ageRange: '25-34' });
    const newer = await createInfluencer(api, tenant, { name: 'Ben' });
    await addImage(api.database, older.influencerId, { shot: 'profile', position: 2 });
    await addImage(api.database, older.influencerId, { shot: 'portrait', position: 0 });
    await addImage(api.database, newer.influencerId, { role: 'starting', position: 0 });
    const { status, body } = await list();
    assert.equal(status, 200);
    const record = async (id: string) => (await call(`${api.url}/v1/influencers/${id}`, { key: tenant.key })).body;
    const [ava, ben] = [await record(older.influencerId), await record(newer.influencerId)];
    assert.deepEqual(body, {
      items: [
        {
          influencerId: newer.influencerId,
          name: 'Ben',
          gender: null,
          ageRange: null,
          status: 'pending',
          thumbnailUrl: null,
          createdAt: ben.createdAt,
        },
        {
          influencerId: older.influencerId,
          name: 'Ava',
          gender: 'female',
          ageRange: '25-34',
          status: 'pending',
          thumbnailUrl: ava.thumbnailUrl,
          createdAt: ava.createdAt,
        },
      ],
      nextCursor: null,
    });
    assert.notEqual(ava.thumbnailUrl, null);
    const photo = await addImage(api.database, older.influencerId, { role: 'uploaded', position: 9 });
    assert.ok(((await list()).body.items[1].thumbnailUrl as string).includes(photo));
  });

  it('is empty for a project without any', async () => {
    assert.deepEqual((await list()).body, { items: [], nextCursor: null });
  });

  it('goes to the end in pages of any size, and shows each once, in one order, also those of one millisecond', async () => {
    const made = await createSome(9);
    const moment = new Date(Date.UTC(2026, 1, 1));
    const together = made.slice(2, 6);
    for (const id of together) await createdAt(id, moment);
    const expected = [...together.sort((a, b) => (a < b ? 1 : -1)), ...made.filter((id) => !together.includes(id))];
    for (const limit of [1, 2, 3, 8, 9, 10, 100]) {
      assert.deepEqual(idsOf(await everyPage<Item>(list, { limit })), expected, String(limit));
    }
  });

  it('loses nothing and shows nothing twice while others are made, and moved, and deleted', async () => {
    const made = await createSome(12);
    const gone = made.slice(-2);
    let page = 0;
    const seen = idsOf(
      await everyPage<Item>(list, {
        limit: 2,
        async between() {
          await createInfluencer(api, tenant);
          const status = visibleStatuses[page % visibleStatuses.length] ?? 'ready';
          for (const id of made.slice(0, 10)) await setStatus(api.database, id, status);
          const lost = page++ < gone.length ? gone[page - 1] : undefined;
          if (lost !== undefined) await setStatus(api.database, lost, 'deleted');
        },
      }),
    );
    assert.deepEqual(seen, made.slice(0, 10));
  });

  it('has 25 on a page where no limit is said', async () => {
    await createSome(27);
    const { body } = await list();
    assert.equal(body.items.length, 25);
    assert.equal((await list(`?cursor=${String(body.nextCursor)}`)).body.items.length, 2);
    assert.equal((await list(`?limit=1&cursor=${String(body.nextCursor)}`)).body.items.length, 1);
  });

  it('shows only what has one of the statuses, however often one is said', async () => {
    const made = await createSome(6);
    const statuses: VisibleStatus[] = ['ready', 'failed', 'ready', 'training', 'pending', 'ready'];
    for (const [i, id] of made.entries()) await setStatus(api.database, id, statuses[i] ?? 'ready');
    const having = (...wanted: VisibleStatus[]) => made.filter((_, i) => wanted.includes(statuses[i] ?? 'ready'));
    assert.deepEqual(await idsIn('?status=ready'), having('ready'));
    assert.deepEqual(await idsIn('?status=failed&status=training'), having('failed', 'training'));
    assert.deepEqual(await idsIn('?status=ready&status=ready'), having('ready'));
    assert.deepEqual(
      await idsIn(visibleStatuses.map((status, i) => `${i === 0 ? '?' : '&'}status=${status}`).join('')),
      made,
    );
    const filters = '&status=ready&status=failed';
    assert.deepEqual(idsOf(await everyPage<Item>(list, { limit: 1, filters })), having('ready', 'failed'));
  });

  it('shows only the clones of one, whatever the spelling of its id, also when that is deleted', async () => {
    const [source = '', other = ''] = await createSome(2);
    const clones: string[] = [];
    for (const name of ['One', 'Two', 'Three']) {
      const { body } = await call(`${api.url}/v1/influencers/${source}/clone`, { key: tenant.key, body: { name } });
      clones.unshift(body.influencerId);
    }
    await setStatus(api.database, clones[1] ?? '', 'ready');
    await call(`${api.url}/v1/influencers/${other}/clone`, { key: tenant.key, body: { name: 'Not this' } });
    await setStatus(api.database, source, 'deleted');
    for (const spelling of Object.values(spellingsOf('influencer', parseId('influencer', source)))) {
      assert.deepEqual(await idsIn(`?clonedFrom=${spelling}`), clones);
    }
    assert.deepEqual(await idsIn(`?clonedFrom=${source}&status=ready`), [clones[1]]);
    const filters = `&clonedFrom=${source}`;
    assert.deepEqual(idsOf(await everyPage<Item>(list, { limit: 2, filters })), clones);
    assert.deepEqual(await idsIn(`?clonedFrom=${unknownId('influencer')}`), []);
  });

  it('shows those of its project alone', async () => {
    const mine = await createInfluencer(api, tenant);
    const projectId = await createTestProject(api.database, tenant.organizationId);
    const elsewhere = await createInfluencer(api, { ...tenant, projectId });
    await createInfluencer(api, await createTenant(api.database), { influencerId: mine.influencerId });
    assert.deepEqual(await idsIn(''), [mine.influencerId]);
    assert.deepEqual(idsOf((await list('', { ...tenant, projectId })).body.items), [elsewhere.influencerId]);
  });

  describe('refuses', () => {
    it('a project that never was, is another organization’s or of the other environment', async () => {
      const message = 'Project not found.';
      const testProject = await createTestProject(api.database, tenant.organizationId, 'test');
      const { projectId } = await createTenant(api.database);
      for (const other of [unknownId('project'), projectId, testProject]) {
        assertRefused(await list('', { ...tenant, projectId: other }), { status: 404, code: 'NOT_FOUND', message });
      }
    });

    it('a limit, a status, an id and a filter that are none', async () => {
      const invalid: [query: string, ...rule: [path: string, keyword: string]][] = [
        ['?limit=0', 'query.limit', 'minimum'],
        ['?limit=101', 'query.limit', 'maximum'],
        ['?limit=1.5', 'query.limit', 'type'],
        ['?limit=many', 'query.limit', 'type'],
        ['?limit=', 'query.limit', 'type'],
        ['?limit=1&limit=2', 'query.limit', 'type'],
        ['?status=deleted', 'query.status.0', 'enum'],
        ['?status=ready&status=', 'query.status.1', 'enum'],
        ['?clonedFrom=me', 'query.clonedFrom', 'pattern'],
        [`?clonedFrom=${unknownId('job')}`, 'query.clonedFrom', 'pattern'],
        ['?sort=name', 'query.sort', 'additionalProperties'],
      ];
      for (const [query, ...rule] of invalid) {
        const reply = await list(query);
        assert.equal(reply.status, 422, query);
        assert.deepEqual(brokenRulesOf(reply), [rule]);
      }
    });

    it('a cursor that is made up, changed, or of another list, filter, project, organization or environment', async () => {
      await createSome(3);
      const cursorOf = async (query: string) =>
        String((await list(`${query}${query === '' ? '?' : '&'}limit=1`)).body.nextCursor);
      const [plain, ready] = [await cursorOf(''), await cursorOf('?status=pending')];
      const jobs = await call(`${api.url}/v1/jobs?limit=1`, { key: tenant.key });
      const projectId = await createTestProject(api.database, tenant.organizationId);
      const stranger = await createTenant(api.database);
      const testKey = await createTestKey(api.database, tenant.organizationId, { environment: 'test' });
      const testProject = await createTestProject(api.database, tenant.organizationId, 'test');
      const bytes = Buffer.from(plain, 'base64url');
      const position = bytes.subarray(16).toString();
      const resigned = Buffer.concat([bytes.subarray(0, 16), Buffer.from(position.replace('2026', '2025'))]);
      const refused: [query: string, caller?: Pick<Tenant, 'projectId' | 'key'>][] = [
        ['?cursor='],
        ['?cursor=x'],
        [`?cursor=${Buffer.from(`2026-01-01T00:00:00.000Z/${randomId()}`).toString('base64url')}`],
        [`?cursor=${resigned.toString('base64url')}`],
        [`?cursor=${plain.slice(0, -2)}`],
        [`?cursor=${plain}&status=pending`],
        [`?cursor=${plain}&clonedFrom=${formatId('influencer', randomId())}`],
        [`?cursor=${ready}`],
        [`?cursor=${ready}&status=ready`],
        [`?cursor=${String(jobs.body.nextCursor)}`],
        [`?cursor=${plain}`, { ...tenant, projectId }],
        [`?cursor=${plain}`, stranger],
        [`?cursor=${plain}`, { projectId: testProject, key: testKey }],
      ];
      for (const [query, caller] of refused) {
        const reply = await list(query, caller);
        assert.equal(reply.status, 422, query);
        assert.deepEqual(brokenRulesOf(reply), [['query.cursor', 'cursor']]);
      }
    });
  });
});
