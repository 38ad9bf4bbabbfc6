import assert from 'node:assert/strict';
import { call, createTenant, createTestKey, startTestApi, type Reply, type TestApi } from '../../support/api.ts';
import type { Tenant } from '../../support/api.ts';
import { brokenRulesOf } from '../../support/refusals.ts';

describe('GET /v1/projects', () => {
  let api: TestApi;
  let tenant: Tenant;

  const list = (query = '', key = tenant.key): Promise<Reply> => call(`${api.url}/v1/projects${query}`, { key });
  const create = async (fields: Record<string, unknown> = {}): Promise<string> => {
    const reply = await call(`${api.url}/v1/projects`, {
      key: tenant.key,
      body: { name: 'Spring', timezone: 'UTC', ...fields },
    });
    assert.equal(reply.status, 201);
    return reply.body.id as string;
  };
  const idsOf = ({ body }: Reply) => (body.items as { id: string }[]).map(({ id }) => id);
  const namesOf = async (query: string) =>
    ((await list(query)).body.items as { name: string }[]).map(({ name }) => name).sort();

  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api.database);
    await api.database('projects').where({ organization_id: tenant.organizationId }).delete();
  });

  it('gives the records, newest first', async () => {
    const ids = [await create(), await create(), await create()];
    const { status, body } = await list();
    assert.equal(status, 200);
    assert.equal(body.nextCursor, null);
    for (const item of body.items as { id: string }[]) {
      assert.deepEqual((await call(`${api.url}/v1/projects/${item.id}`, { key: tenant.key })).body, item);
    }
    assert.deepEqual(idsOf({ body } as Reply).sort(), ids.sort());
    const times = (body.items as { createdAt: string }[]).map(({ createdAt }) => createdAt);
    assert.deepEqual(times, [...times].sort().reverse());
  });

  it('gives every project once, page by page, also those of one moment and with ids that are no order', async () => {
    const ids = await Promise.all(Array.from({ length: 11 }, () => create({ id: crypto.randomUUID() })));
    await api
      .database('projects')
      .where({ organization_id: tenant.organizationId })
      .update({ created_at: '2026-01-02T03:04:05.678Z' });
    const whole = idsOf(await list());
    assert.deepEqual([...whole].sort(), ids.sort());
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Reply = await list(`?limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`);
      assert.ok(idsOf(page).length <= 4);
      seen.push(...idsOf(page));
      cursor = page.body.nextCursor as string | null;
    }
    assert.deepEqual(seen, whole);
  });

  it('goes on behind the last item, though projects are made and archived meanwhile', async () => {
    for (let made = 0; made < 4; made++) await create();
    const first = await list('?limit=2');
    const rest = idsOf(await list()).slice(2);
    await create();
    await call(`${api.url}/v1/projects/${String(idsOf(first)[0])}`, { method: 'DELETE', key: tenant.key });
    assert.deepEqual(idsOf(await list(`?cursor=${String(first.body.nextCursor)}`)), rest);
  });

  it('has fifty items a page unless told otherwise, and says where it goes on', async () => {
    await api.database.raw(
      `insert into projects (organization_id, id, environment, name)
       select :organizationId, gen_random_uuid(), 'live', 'x' from generate_series(1, 201)`,
      { organizationId: tenant.organizationId },
    );
    const fifty = await list();
    assert.equal(idsOf(fifty).length, 50);
    const most = await list('?limit=200');
    assert.equal(idsOf(most).length, 200);
    assert.equal(idsOf(await list(`?limit=1&cursor=${String(most.body.nextCursor)}`)).length, 1);
  });

  it('takes status once, repeated, or not', async () => {
    const active = await create();
    const archived = await create();
    await call(`${api.url}/v1/projects/${archived}`, { method: 'DELETE', key: tenant.key });
    assert.deepEqual(idsOf(await list('?status=active')), [active]);
    assert.deepEqual(idsOf(await list('?status=archived')), [archived]);
    for (const query of ['', '?status=active&status=archived']) assert.equal(idsOf(await list(query)).length, 2);
  });

  it('searches in names whatever the case, letter by letter', async () => {
    for (const name of ['Spring Été', '100% linen', 'snake_case', 'back\\slash', 'snakescase']) await create({ name });
    assert.deepEqual(await namesOf('?search=PRING'), ['Spring Été']);
    assert.deepEqual(await namesOf(`?search=${encodeURIComponent('éTÉ')}`), ['Spring Été']);
    assert.deepEqual(await namesOf('?search=%25'), ['100% linen']);
    assert.deepEqual(await namesOf('?search=_'), ['snake_case']);
    assert.deepEqual(await namesOf('?search=%5C'), ['back\\slash']);
    assert.deepEqual(await namesOf(`?search=${encodeURIComponent("' or '1'='1")}`), []);
  });

  it('finds the projects of a customer, and all filters together', async () => {
    await create({ name: 'Spring', customerExternalId: 'a' });
    await create({ name: 'Summer', customerExternalId: 'a' });
    await create({ name: 'Spring', customerExternalId: 'b' });
    assert.deepEqual(await namesOf('?customerExternalId=a'), ['Spring', 'Summer']);
    assert.deepEqual(await namesOf('?customerExternalId=A'), []);
    assert.deepEqual(await namesOf('?customerExternalId=a&search=spr&status=active'), ['Spring']);
  });

  it('shows nothing of another organization or of the other environment', async () => {
    await create();
    const test = await createTestKey(api.database, tenant.organizationId, { environment: 'test' });
    assert.deepEqual(idsOf(await list('', test)), []);
    const other = await createTenant(api.database);
    assert.equal(idsOf(await list('', other.key)).length, 1); // its own
  });

  it('refuses what breaks a rule', async () => {
    for (const [query, rule] of [
      ['?limit=0', ['query.limit', 'minimum']],
      ['?limit=201', ['query.limit', 'maximum']],
      ['?limit=x', ['query.limit', 'type']],
      ['?limit=1.5', ['query.limit', 'type']],
      ['?status=deleted', ['query.status.0', 'enum']],
      ['?search=', ['query.search', 'minLength']],
      ['?search=%00', ['query.search', 'pattern']],
      ['?search=a&search=b', ['query.search', 'type']],
      ['?page=2', ['query.page', 'additionalProperties']],
      ['?cursor=x', ['query.cursor', 'cursor']],
      ['?cursor=', ['query.cursor', 'cursor']],
    ] as const) {
      const reply = await list(query);
      assert.equal(reply.status, 422, query);
      assert.deepEqual(brokenRulesOf(reply), [rule], query);
    }
  });

  it('refuses a cursor of other filters, of another organization or environment, or one that was changed', async () => {
    await create();
    await create();
    const cursor = String((await list('?limit=1&status=active&status=archived')).body.nextCursor);
    const other = await createTenant(api.database);
    const test = await createTestKey(api.database, tenant.organizationId, { environment: 'test' });
    const statuses = 'status=archived&status=active';
    assert.equal((await list(`?cursor=${cursor}&${statuses}&limit=7`)).status, 200);
    for (const reply of [
      await list(`?cursor=${cursor}`),
      await list(`?cursor=${cursor}&status=active`),
      await list(`?cursor=${cursor}&${statuses}&search=x`),
      await list(`?cursor=${cursor}&${statuses}`, other.key),
      await list(`?cursor=${cursor}&${statuses}`, test),
      await list(`?cursor=${cursor.slice(0, -4)}AAAA&${statuses}`),
    ]) {
      assert.deepEqual([reply.status, brokenRulesOf(reply)], [422, [['query.cursor', 'cursor']]]);
    }
  });
});
