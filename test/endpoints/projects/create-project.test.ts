import assert from 'node:assert/strict';
import { v4 as randomId } from 'uuid';
import { formatId } from '../../../src/domain/ids.ts';
import { call, createTenant, createTestKey, startTestApi, type Reply, type TestApi } from '../../support/api.ts';
import type { Tenant } from '../../support/api.ts';
import { spellingsOf } from '../../support/builders.ts';
import { assertRefused, brokenRulesOf, withoutTrace } from '../../support/refusals.ts';

describe('POST /v1/projects', () => {
  let api: TestApi;
  let tenant: Tenant;
  const required = { name: 'Spring', timezone: 'Europe/Berlin' };

  const create = (body: unknown, headers: Record<string, string> = {}, { key } = tenant): Promise<Reply> =>
    call(`${api.url}/v1/projects`, { key, body, headers });
  const refused = (body: unknown, headers: Record<string, string> = {}) =>
    withoutTrace(api.database, () => create(body, headers));

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
  });
  after(() => api.close());

  it('makes an active project of the key’s environment, which can be read where Location says', async () => {
    const fields = {
      name: 'Spring “2026” 🌱',
      timezone: 'America/Argentina/Buenos_Aires',
      customerExternalId: 'customer-4711',
      primaryLanguage: 'pt-BR',
      metadata: { plan: 'gold', nested: [{ deep: [1, null, true, 'x'] }], ключ: 1.5 },
    };
    const { status, body, headers } = await create(fields);
    assert.equal(status, 201);
    const { id, createdAt, updatedAt, ...rest } = body;
    assert.deepEqual(rest, { ...fields, status: 'active', environment: 'live', archivedAt: null });
    assert.equal(createdAt, updatedAt);
    assert.equal(headers.get('location'), `/v1/projects/${String(id)}`);
    const read = await call(`${api.url}${headers.get('location') ?? ''}`, { key: tenant.key });
    assert.deepEqual([read.status, read.body], [200, body]);
  });

  it('leaves empty what is left out', async () => {
    const { body } = await create(required);
    assert.deepEqual([body.customerExternalId, body.primaryLanguage, body.metadata], [null, null, {}]);
  });

  it('makes a project in which influencers can be created', async () => {
    const { body } = await create(required);
    const influencers = `${api.url}/v1/projects/${String(body.id)}/influencers`;
    const reply = await call(influencers, { key: tenant.key, body: { name: 'Ava' } });
    assert.deepEqual([reply.status, reply.body.projectId], [202, body.id]);
  });

  it('takes the caller’s own id in every spelling', async () => {
    for (const [spelling, at] of Object.keys(spellingsOf('project', randomId())).map((name) => [name, randomId()])) {
      const id = spellingsOf('project', String(at))[String(spelling)];
      const { status, body } = await create({ ...required, id });
      assert.deepEqual([status, body.id], [201, formatId('project', String(at))], spelling);
    }
  });

  it('takes the longest of everything', async () => {
    const metadata = { x: '' };
    metadata.x = 'ü'.repeat((8_192 - JSON.stringify(metadata).length) / 2);
    let deep: unknown = 1;
    for (let level = 0; level < 15; level++) deep = [deep];
    for (const fields of [
      { name: '🌱'.repeat(128) },
      { customerExternalId: 'ß'.repeat(256) },
      { metadata },
      { metadata: { deep } },
    ]) {
      const { status, body } = await create({ ...required, ...fields });
      assert.equal(status, 201);
      for (const [name, value] of Object.entries(fields)) assert.deepEqual(body[name], value, name);
    }
  });

  it('takes time zones by every name that IANA has for them', async () => {
    for (const timezone of [
      'UTC',
      'Etc/UTC',
      'GMT',
      'Asia/Kolkata',
      'Asia/Calcutta',
      'US/Eastern',
      'Etc/GMT+5',
      'NZ',
    ]) {
      const { status, body } = await create({ ...required, timezone });
      assert.deepEqual([status, body.timezone], [201, timezone]);
    }
  });

  it('refuses what breaks a rule, and stores nothing', async () => {
    let deep: unknown = 1;
    for (let level = 0; level < 16; level++) deep = { deep };
    const broken: [fields: Record<string, unknown>, path: string, keyword: string][] = [
      [{ name: '' }, 'body.name', 'minLength'],
      [{ name: 'x'.repeat(129) }, 'body.name', 'maxLength'],
      [{ name: 'a\0b' }, 'body.name', 'pattern'],
      [{ name: null }, 'body.name', 'type'],
      [{ name: undefined }, 'body.name', 'required'],
      [{ timezone: undefined }, 'body.timezone', 'required'],
      ...['', 'Berlin', '+01:00', 'BST', 'UTC+1', 'SystemV/AST4', 'Europe/Berlin ', 'x'.repeat(60)].map(
        (timezone): [Record<string, unknown>, string, string] => [{ timezone }, 'body.timezone', 'format'],
      ),
      ...['', 'de_DE', 'a', 'en-', 'deutsch-deutsch-deutsch'].map(
        (primaryLanguage): [Record<string, unknown>, string, string] => [
          { primaryLanguage },
          'body.primaryLanguage',
          'format',
        ],
      ),
      [{ primaryLanguage: null }, 'body.primaryLanguage', 'type'],
      [{ customerExternalId: '' }, 'body.customerExternalId', 'minLength'],
      [{ customerExternalId: 'x'.repeat(257) }, 'body.customerExternalId', 'maxLength'],
      [{ customerExternalId: '\ud800' }, 'body.customerExternalId', 'pattern'],
      [{ metadata: [] }, 'body.metadata', 'type'],
      [{ metadata: 'x' }, 'body.metadata', 'type'],
      [{ metadata: { x: 'ü'.repeat(4_096) } }, 'body.metadata', 'maxBytes'],
      [{ metadata: { deep } }, 'body.metadata', 'maxDepth'],
      [{ metadata: { x: ['\0'] } }, 'body.metadata', 'pattern'],
      [{ metadata: { '\0': 1 } }, 'body.metadata', 'pattern'],
      [{ metadata: { x: '\udc00' } }, 'body.metadata', 'pattern'],
      [{ id: 'mine' }, 'body.id', 'pattern'],
      [{ id: formatId('influencer', randomId()) }, 'body.id', 'pattern'],
      [{ status: 'archived' }, 'body.status', 'additionalProperties'],
      [{ environment: 'test' }, 'body.environment', 'additionalProperties'],
    ];
    for (const [fields, path, keyword] of broken) {
      const reply = await refused({ ...required, ...fields });
      assert.equal(reply.status, 422, JSON.stringify(fields));
      assert.deepEqual(brokenRulesOf(reply), [[path, keyword]], JSON.stringify(fields));
    }
  });

  it('refuses metadata that is nested without end, or has a number that is none here', async () => {
    const body = (metadata: string) => `{"name":"x","timezone":"UTC","metadata":${metadata}}`;
    const nested = await refused(body(`{"x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`));
    assert.deepEqual([nested.status, brokenRulesOf(nested)], [422, [['body.metadata', 'maxDepth']]]);
    const endless = await refused(body('{"x":1e999}'));
    assert.deepEqual([endless.status, brokenRulesOf(endless)], [422, [['body.metadata', 'maximum']]]);
  });

  it('keeps metadata as it is, whatever its fields are called', async () => {
    const metadata = '{"__proto__":{"x":1},"constructor":"y","":0,"a.b":[{}]}';
    const { status, body } = await create(`{"name":"x","timezone":"UTC","metadata":${metadata}}`);
    assert.equal(status, 201);
    assert.deepEqual(body.metadata, JSON.parse(metadata));
  });

  it('tells all that is wrong at once', async () => {
    const reply = await refused({ timezone: 'Mars', primaryLanguage: '-', metadata: { x: '\0' } });
    assert.deepEqual(brokenRulesOf(reply), [
      ['body.metadata', 'pattern'],
      ['body.name', 'required'],
      ['body.primaryLanguage', 'format'],
      ['body.timezone', 'format'],
    ]);
    const messages = (reply.body.error.details.issues as { message: string }[]).map(({ message }) => message);
    assert.ok(messages.includes('must be a name of the IANA time zone database'), messages.join());
  });

  describe('with an id of the caller’s own', () => {
    const exists = { status: 409, code: 'CONFLICT', message: 'Project with this id already exists.' } as const;

    it('refuses one that the organization has, also archived or in the other environment', async () => {
      const { body } = await create(required);
      assertRefused(await refused({ ...required, id: body.id }), exists);
      const other = {
        ...tenant,
        key: await createTestKey(api.database, tenant.organizationId, { environment: 'test' }),
      };
      assertRefused(await create({ ...required, id: body.id }, {}, other), exists);
      await call(`${api.url}/v1/projects/${String(body.id)}`, { method: 'DELETE', key: tenant.key });
      assertRefused(await refused({ ...required, id: body.id }), exists);
    });

    it('takes one that another organization has', async () => {
      const { body } = await create(required);
      const reply = await create({ ...required, id: body.id }, {}, await createTenant(api.database));
      assert.deepEqual([reply.status, reply.body.id], [201, body.id]);
    });

    it('makes one project of ten requests at once', async () => {
      const id = randomId();
      const replies = await Promise.all(Array.from({ length: 10 }, () => create({ ...required, id })));
      assert.deepEqual(replies.map(({ status }) => status).sort(), [201, ...Array.from({ length: 9 }, () => 409)]);
      assert.equal((await api.database('projects').where({ id })).length, 1);
    });
  });

  it('lets projects of one customer be many', async () => {
    const fields = { ...required, customerExternalId: 'one' };
    assert.deepEqual([(await create(fields)).status, (await create(fields)).status], [201, 201]);
  });

  it('makes one project of ten requests with one Idempotency-Key, and answers all the same', async () => {
    const headers = { 'Idempotency-Key': randomId() };
    const countOf = async () => (await api.database('projects')).length;
    const before = await countOf();
    const replies = await Promise.all(Array.from({ length: 10 }, () => create({ ...required, name: 'Once' }, headers)));
    assert.equal(await countOf(), before + 1);
    const [first] = replies;
    for (const reply of replies) {
      assert.deepEqual([reply.status, reply.body], [201, first?.body]);
      assert.equal(reply.headers.get('location'), first?.headers.get('location'));
    }
    assert.equal(replies.filter((reply) => reply.headers.get('idempotent-replayed') === 'true').length, 9);
  });

  it('does not use an Idempotency-Key up when it refuses', async () => {
    const headers = { 'Idempotency-Key': randomId() };
    assert.equal((await refused({ name: 'x' }, headers)).status, 422);
    const { body } = await create(required);
    assert.equal((await refused({ ...required, id: body.id }, headers)).status, 409);
    assert.equal((await create(required, headers)).status, 201);
  });

  it('makes test projects for test keys, which live keys do not see', async () => {
    const other = await createTenant(api.database, { environment: 'test' });
    const { body } = await create(required, {}, other);
    assert.equal(body.environment, 'test');
    const live = await createTestKey(api.database, other.organizationId);
    assert.equal((await call(`${api.url}/v1/projects/${String(body.id)}`, { key: live })).status, 404);
  });
});
