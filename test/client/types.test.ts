// What must not compile. The calls stand in functions that nobody calls: the compiler is the test.

import type { CreateInfluencer, DoppelClient, Influencer, Job } from '../../src/client/index.ts';

const neverCalled = (_: unknown[]) => undefined;

describe('the types of DoppelClient', () => {
  it('refuse a misspelt field, filter or option', () => {
    neverCalled([
      // @ts-expect-error -- no such field
      (api: DoppelClient) => api.projects.create({ name: 'a', timezone: 'UTC', timeZone: 'UTC' }),
      // @ts-expect-error -- no such field, at depth
      (api: DoppelClient) => api.influencers.clone('id', { name: 'a', overrides: { personality: { tones: 'a' } } }),
      // @ts-expect-error -- the name is no override
      (api: DoppelClient) => api.influencers.clone('id', { name: 'a', overrides: { name: 'b' } }),
      // @ts-expect-error -- null clears nothing in an override
      (api: DoppelClient) => api.influencers.clone('id', { name: 'a', overrides: { vibe: null } }),
      // @ts-expect-error -- the name is required
      (api: DoppelClient) => api.influencers.create('id', { vibe: 'dry' }),
      // @ts-expect-error -- not one of the genders
      (api: DoppelClient) => api.influencers.create('id', { name: 'a', gender: 'other' }),
      // @ts-expect-error -- the name cannot be cleared
      (api: DoppelClient) => api.influencers.update('id', { name: null }),
      // @ts-expect-error -- read-only
      (api: DoppelClient) => api.influencers.update('id', { status: 'ready' }),
      // @ts-expect-error -- no such filter
      (api: DoppelClient) => api.influencers.list('id', { clonedfrom: 'id' }),
      // @ts-expect-error -- not one of the statuses
      (api: DoppelClient) => api.jobs.list({ status: ['done'] }),
      // @ts-expect-error -- a list has no limit, its pages have a size
      (api: DoppelClient) => api.jobs.list({ limit: 1 }),
      // @ts-expect-error -- not one of the scopes
      (api: DoppelClient) => api.apiKeys.create({ name: 'a', scopes: ['influencers:all'], env: 'live' }),
      // @ts-expect-error -- no such option
      (api: DoppelClient) => api.influencers.update('id', { vibe: 'a' }, { ifMatches: '"1-1"' }),
      // @ts-expect-error -- projects have no versions
      (api: DoppelClient) => api.projects.update('id', { name: 'a' }, { ifMatch: '"1-1"' }),
      // @ts-expect-error -- reads have no idempotency key
      (api: DoppelClient) => api.jobs.get('id', { idempotencyKey: 'a' }),
      // @ts-expect-error -- no such field in a reply
      (job: Job) => job.state,
      // @ts-expect-error -- not one of the statuses
      (job: Job) => job.status === 'done',
      // @ts-expect-error -- may be null
      (influencer: Influencer): string => influencer.vibe,
    ]);
  });

  it('take what the API takes', () => {
    const body: CreateInfluencer = { name: 'Ava', gender: 'female', personality: { traits: ['kind'] } };
    neverCalled([
      (api: DoppelClient) => api.influencers.create('id', body, { idempotencyKey: 'a' }),
      (api: DoppelClient) => api.influencers.update('id', { vibe: null, personality: null }),
      async (api: DoppelClient) => {
        const { etag } = await api.influencers.get('id');
        const { vibe } = await api.influencers.update('id', { vibe: 'dry' }, { ifMatch: etag });
        return vibe?.length;
      },
      async (api: DoppelClient) => {
        const created = await api.influencers.create('id', body);
        const { status, result } = await api.jobs.wait(created, { signal: AbortSignal.timeout(1) });
        return status === 'completed' ? result?.referenceImages.map(({ url }) => url) : [];
      },
    ]);
  });
});
