import assert from 'node:assert/strict';
import { call, createTenant, startTestApi, type Tenant, type TestApi } from '../../support/api.ts';

describe('POST /v1/influencers/:influencerId/clone', () => {
  let api: TestApi;
  let tenant: Tenant;
  let sourceId: string;

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
    const created = await call(`${api.url}/v1/projects/${tenant.projectId}/influencers`, {
      key: tenant.key,
      body: { name: 'Ava', gender: 'female', vibe: 'warm', personality: { traits: ['kind'], tone: 'friendly' } },
    });
    sourceId = created.body.influencerId;
  });
  after(() => api.close());

  const clone = (body: unknown) =>
    call(`${api.url}/v1/influencers/${sourceId}/clone`, { method: 'POST', key: tenant.key, body });

  it('accepts a clone with overrides, and it can be read at once', async () => {
    const { status, body, headers } = await clone({ name: 'Ava (EU)', overrides: { vibe: 'deadpan' } });
    assert.equal(status, 202);
    assert.equal(headers.get('location'), body.locationUrl);
    const read = await call(`${api.url}/v1/influencers/${body.influencerId}`, { key: tenant.key });
    assert.equal(read.status, 200);
    assert.equal(read.body.status, 'pending');
    assert.equal(read.body.vibe, 'deadpan');
    assert.equal(read.body.gender, 'female');
  });
});
