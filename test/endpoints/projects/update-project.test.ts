import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { call, createTenant, startTestApi, type Reply, type Tenant, type TestApi } from '../../support/api.ts';
import { createInfluencer, unknownId } from '../../support/builders.ts';
import { assertRefused, brokenRulesOf } from '../../support/refusals.ts';

describe('PATCH and DELETE /v1/projects/:projectId', () => {
  let api: TestApi;
  let tenant: Tenant;
  let project: Record<string, unknown>;

  const at = (id = project['id']) => `${api.url}/v1/projects/${String(id)}`;
  const update = (body: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
    call(at(), { method: 'PATCH', key: tenant.key, body, headers });
  const archive = (headers: Record<string, string> = {}): Promise<Reply> =>
    call(at(), { method: 'DELETE', key: tenant.key, headers });
  const read = async () => (await call(at(), { key: tenant.key })).body as Record<string, unknown>;

  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api.database);
    const fields = {
      name: 'Spring',
      timezone: 'UTC',
      customerExternalId: 'a',
      primaryLanguage: 'de',
      metadata: { x: 1 },
    };
    project = (await call(`${api.url}/v1/projects`, { key: tenant.key, body: fields })).body as Record<string, unknown>;
  });

  describe('PATCH', () => {
    it('changes each field by itself, and leaves the others', async () => {
      for (const fields of [
        { name: 'Summer' },
        { timezone: 'Asia/Tokyo' },
        { customerExternalId: 'b' },
        { primaryLanguage: 'fr' },
        { metadata: { y: [2] } },
        { name: 'All', timezone: 'UTC', customerExternalId: null, primaryLanguage: null, metadata: null },
      ]) {
        const before = await read();
        const { status, body } = await update(fields);
        assert.equal(status, 200);
        const metadata = fields.metadata === null ? { metadata: {} } : {};
        assert.deepEqual({ ...body, updatedAt: '' }, { ...before, ...fields, ...metadata, updatedAt: '' });
        assert.ok(body.updatedAt >= String(before['updatedAt']));
        assert.deepEqual(await read(), body);
      }
    });

    it('refuses what breaks a rule, and changes nothing', async () => {
      for (const [body, rule] of [
        [{}, ['body', 'minProperties']],
        [{ name: null }, ['body.name', 'type']],
        [{ timezone: null }, ['body.timezone', 'type']],
        [{ timezone: 'Mars' }, ['body.timezone', 'format']],
        [{ primaryLanguage: '_' }, ['body.primaryLanguage', 'format']],
        [{ customerExternalId: '' }, ['body.customerExternalId', 'minLength']],
        [{ metadata: [] }, ['body.metadata', 'type']],
        [{ metadata: { x: 'x'.repeat(8_192) } }, ['body.metadata', 'maxBytes']],
        [{ status: 'archived' }, ['body.status', 'enum']],
        [{ status: null }, ['body.status', 'enum']],
        [{ id: randomUUID() }, ['body.id', 'additionalProperties']],
        [{ archivedAt: null }, ['body.archivedAt', 'additionalProperties']],
      ] as const) {
        const reply = await update(body);
        assert.equal(reply.status, 422, JSON.stringify(body));
        assert.deepEqual(brokenRulesOf(reply), [rule], JSON.stringify(body));
      }
      assert.deepEqual(await read(), project);
    });

    it('keeps both of two changes at once', async () => {
      await Promise.all([update({ name: 'Summer' }), update({ timezone: 'Asia/Tokyo' })]);
      const { name, timezone } = await read();
      assert.deepEqual([name, timezone], ['Summer', 'Asia/Tokyo']);
    });

    it('does not touch a project that another organization has under the same id', async () => {
      const other = await createTenant(api.database);
      const body = { id: project['id'], name: 'Theirs', timezone: 'UTC' };
      await call(`${api.url}/v1/projects`, { key: other.key, body });
      await update({ name: 'Ours' });
      await archive();
      const theirs = await call(at(), { key: other.key });
      assert.deepEqual([theirs.body.name, theirs.body.status], ['Theirs', 'active']);
    });
  });

  describe('DELETE', () => {
    it('archives, and says so each time with the time of the first', async () => {
      const first = await archive();
      assert.equal(first.status, 200);
      assert.deepEqual(first.body, { id: project['id'], status: 'archived', archivedAt: first.body.archivedAt });
      const archived = await read();
      assert.deepEqual([archived['status'], archived['archivedAt']], ['archived', first.body.archivedAt]);
      const second = await archive();
      assert.deepEqual([second.status, second.body], [200, first.body]);
      assert.deepEqual(await read(), archived);
    });

    it('gives one time to ten requests at once', async () => {
      const replies = await Promise.all(Array.from({ length: 10 }, () => archive()));
      assert.equal(new Set(replies.map(({ body }) => JSON.stringify(body))).size, 1);
    });

    it('lets nothing be created or cloned in it, until PATCH undoes it', async () => {
      const id = String(project['id']);
      const { influencerId } = await createInfluencer(api, { ...tenant, projectId: id });
      await archive();
      const make = async () => [
        await call(`${at()}/influencers`, { key: tenant.key, body: { name: 'Ava' } }),
        await call(`${api.url}/v1/influencers/${influencerId}/clone`, { key: tenant.key, body: { name: 'Ava' } }),
      ];
      for (const reply of await make()) {
        assertRefused(reply, { status: 409, code: 'CONFLICT', message: 'The project is archived.' });
      }
      assert.equal((await call(`${api.url}/v1/influencers/${influencerId}`, { key: tenant.key })).status, 200);
      const { status, body } = await update({ status: 'active' });
      assert.deepEqual([status, body.status, body.archivedAt], [200, 'active', null]);
      for (const reply of await make()) assert.equal(reply.status, 202);
      assert.equal((await update({ status: 'active' })).status, 200);
    });

    it('lets an archived project be changed, and stay archived', async () => {
      const { body } = await archive();
      const changed = await update({ name: 'Old' });
      assert.deepEqual([changed.body.name, changed.body.archivedAt], ['Old', body.archivedAt]);
    });

    it('repeats its answer under an Idempotency-Key, though the project was made active since', async () => {
      const headers = { 'Idempotency-Key': randomUUID() };
      const first = await archive(headers);
      await update({ status: 'active' });
      const second = await archive(headers);
      assert.deepEqual([second.body, second.headers.get('idempotent-replayed')], [first.body, 'true']);
      assert.equal((await read())['status'], 'active');
    });
  });

  it('answers what is not there with 404', async () => {
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const options = method === 'PATCH' ? { body: { name: 'x' } } : {};
      const reply = await call(at(unknownId('project')), { method, key: tenant.key, ...options });
      assertRefused(reply, { status: 404, code: 'NOT_FOUND', message: 'Project not found.' });
    }
  });
});
