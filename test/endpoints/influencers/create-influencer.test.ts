import assert from 'node:assert/strict';
import fc from 'fast-check';
import { v4 as randomId } from 'uuid';
import { formatId, parseId } from '../../../src/domain/ids.ts';
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
import { createInfluencer, insertAsset, setStatus, spellingsOf, unknownId } from '../../support/builders.ts';
import { identities, shown } from '../../support/identities.ts';
import { assertRefused, brokenRulesOf, withoutTrace } from '../../support/refusals.ts';

describe('POST /v1/projects/:projectId/influencers', () => {
  let api: TestApi;
  let tenant: Tenant;
  let otherOrganization: Tenant;

  const create = (body: unknown, { projectId = tenant.projectId, key = tenant.key } = {}): Promise<Reply> =>
    call(`${api.url}/v1/projects/${projectId}/influencers`, { method: 'POST', key, body });
  const read = (influencerId: string): Promise<Reply> =>
    call(`${api.url}/v1/influencers/${influencerId}`, { key: tenant.key });

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
    otherOrganization = await createTenant(api.database);
  });
  after(() => api.close());

  describe('accepts', () => {
    it('a name alone, and the influencer can be read at once', async () => {
      const { status, body, headers } = await create({ name: 'Ava Chen' });
      assert.equal(status, 202);
      const { jobId, influencerId, startedAt, ...rest } = body;
      assert.deepEqual(rest, {
        kind: 'influencer_create',
        status: 'running',
        stage: 'queued',
        projectId: tenant.projectId,
        locationUrl: `/v1/jobs/${String(jobId)}`,
      });
      assert.equal(headers.get('location'), body.locationUrl);
      assert.deepEqual((await read(influencerId)).body, {
        influencerId,
        projectId: tenant.projectId,
        name: 'Ava Chen',
        ...shown({}),
        referenceImages: [],
        thumbnailUrl: null,
        attributes: {},
        status: 'pending',
        errorMessage: null,
        jobId,
        createdAt: startedAt,
        updatedAt: startedAt,
      });
    });

    it('any identity, and keeps it as it is', async () => {
      await fc.assert(
        fc.asyncProperty(identities, async (identity) => {
          const { influencerId } = await createInfluencer(api, tenant, { ...identity });
          const { body } = await read(influencerId);
          assert.deepEqual(body, { ...body, ...shown(identity) });
        }),
        { numRuns: 40 },
      );
    });

    it('photos of the project, in their order and each once, as uploaded images', async () => {
      const [first, second] = [
        await insertAsset(api.database, tenant.projectId),
        await insertAsset(api.database, tenant.projectId),
      ];
      const assetIds = [second, formatId('asset', first), formatId('asset', second).toLowerCase()];
      const { status, body } = await create({ name: 'Ava', referenceImages: { assetIds } });
      assert.equal(status, 202);
      const { referenceImages, thumbnailUrl } = (await read(body.influencerId)).body;
      assert.deepEqual(
        referenceImages.map((image: { assetId: string; origin: string; shot: null }) => [
          image.assetId,
          image.origin,
          image.shot,
        ]),
        [
          [formatId('asset', second), 'uploaded', null],
          [formatId('asset', first), 'uploaded', null],
        ],
      );
      assert.equal(thumbnailUrl, referenceImages[0].thumbnailUrl);
    });

    it('every spelling of the project and of influencerId', async () => {
      const projects = Object.values(spellingsOf('project', parseId('project', tenant.projectId)));
      for (const [i, projectId] of projects.entries()) {
        const own = randomId();
        const influencerId = Object.values(spellingsOf('influencer', own))[i];
        const { status, body } = await create({ name: 'Ava', influencerId }, { projectId });
        assert.deepEqual([status, body.influencerId], [202, formatId('influencer', own)]);
      }
    });
  });

  describe('chooses what is left open', () => {
    const seedOf = async (
      fields: Record<string, unknown>,
      where: Pick<Tenant, 'key' | 'projectId'>,
    ): Promise<string> => {
      const { influencerId } = await createInfluencer(api, where, fields);
      const row = await api
        .database('influencers')
        .where({ id: parseId('influencer', influencerId) })
        .first<{ seed: string }>();
      return row.seed;
    };
    let test: Pick<Tenant, 'key' | 'projectId'>;
    before(async () => {
      test = await createTenant(api.database, { environment: 'test' });
    });

    it('anew for each request with a live key', async () => {
      const fields = { name: 'Ava', vibe: 'warm' };
      assert.notEqual(await seedOf(fields, tenant), await seedOf(fields, tenant));
    });

    it('alike for equal names and identities with test keys, whatever the order of their fields', async () => {
      const seeds = [
        await seedOf({ name: 'Ava', vibe: 'warm', personality: { tone: 'dry', humor: 'black' } }, test),
        await seedOf({ personality: { humor: 'black', tone: 'dry' }, vibe: 'warm', name: 'Ava' }, test),
        await seedOf(
          { name: 'Ava', vibe: 'warm', personality: { tone: 'dry', humor: 'black' }, influencerId: randomId() },
          test,
        ),
      ];
      assert.equal(new Set(seeds).size, 1);
    });

    it('differently for other names and identities with test keys', async () => {
      const seeds = [
        await seedOf({ name: 'Ava', vibe: 'warm' }, test),
        await seedOf({ name: 'Eva', vibe: 'warm' }, test),
        await seedOf({ name: 'Ava', style: 'warm' }, test),
        await seedOf({ name: 'Ava', personality: { traits: ['a', 'b'] } }, test),
        await seedOf({ name: 'Ava', personality: { traits: ['b', 'a'] } }, test),
      ];
      assert.equal(new Set(seeds).size, seeds.length);
    });
  });

  describe('refuses', () => {
    const refuses = (body: unknown, options?: Parameters<typeof create>[1]): Promise<Reply> =>
      withoutTrace(api.database, () => create(body, options));
    const notFound = { status: 404, code: 'NOT_FOUND', message: 'Project not found.' } as const;
    const taken = { status: 409, code: 'CONFLICT', message: 'Influencer with this id already exists.' } as const;

    it('a project that never was', async () => {
      assertRefused(await refuses({ name: 'Ava' }, { projectId: unknownId('project') }), notFound);
    });

    it('a project of another organization', async () => {
      assertRefused(await refuses({ name: 'Ava' }, { projectId: otherOrganization.projectId }), notFound);
    });

    it('a project of the other environment', async () => {
      const key = await createTestKey(api.database, tenant.organizationId, { environment: 'test' });
      assertRefused(await refuses({ name: 'Ava' }, { key }), notFound);
    });

    it('an influencerId that is taken, also by a deleted influencer or in another project', async () => {
      const { influencerId } = await createInfluencer(api, tenant);
      assertRefused(await refuses({ name: 'Ava', influencerId }), taken);
      const projectId = await createTestProject(api.database, tenant.organizationId);
      assertRefused(await refuses({ name: 'Ava', influencerId }, { projectId }), taken);
      await setStatus(api.database, influencerId, 'deleted');
      assertRefused(await refuses({ name: 'Ava', influencerId }), taken);
    });

    it('no influencerId for another organization’s having it', async () => {
      const { influencerId } = await createInfluencer(api, otherOrganization);
      assert.equal((await create({ name: 'Ava', influencerId })).status, 202);
    });

    for (const [title, assetIds] of Object.entries({
      'another project': async () => [
        await insertAsset(api.database, await createTestProject(api.database, tenant.organizationId)),
      ],
      'another organization': async () => [await insertAsset(api.database, otherOrganization.projectId)],
      'nobody, beside one that is there': async () => [
        await insertAsset(api.database, tenant.projectId),
        unknownId('asset'),
      ],
    })) {
      it(`photos of ${title}, naming the field`, async () => {
        const body = { name: 'Ava', referenceImages: { assetIds: await assetIds() } };
        assertRefused(await refuses(body), {
          status: 422,
          code: 'VALIDATION',
          message: 'body.referenceImages.assetIds must all be ready assets of the project.',
          details: {
            issues: [
              {
                path: 'body.referenceImages.assetIds',
                message: 'must all be ready assets of the project',
                keyword: 'assetIds',
              },
            ],
          },
        });
      });
    }

    const assets = (count: number) => Array.from({ length: count }, () => unknownId('asset'));
    const invalid: [title: string, body: unknown, ...rules: [path: string, keyword: string][]][] = [
      ['a missing name', { vibe: 'warm' }, ['body.name', 'required']],
      ['an empty name', { name: '' }, ['body.name', 'minLength']],
      ['a name of 129 characters', { name: 'x'.repeat(129) }, ['body.name', 'maxLength']],
      ['an unknown field', { name: 'A', age: '30' }, ['body.age', 'additionalProperties']],
      ['a clone’s field', { name: 'A', overrides: {} }, ['body.overrides', 'additionalProperties']],
      ['a field that is null', { name: 'A', vibe: null }, ['body.vibe', 'type']],
      ['an influencerId that is no id', { name: 'A', influencerId: 7 }, ['body.influencerId', 'type']],
      ['U+0000 in a field', { name: 'A', style: 'a\0b' }, ['body.style', 'pattern']],
      ['an array', [], ['body', 'type']],
      ['no photos', { name: 'A', referenceImages: { assetIds: [] } }, ['body.referenceImages.assetIds', 'minItems']],
      ['photos without assetIds', { name: 'A', referenceImages: {} }, ['body.referenceImages.assetIds', 'required']],
      [
        '21 photos',
        { name: 'A', referenceImages: { assetIds: assets(21) } },
        ['body.referenceImages.assetIds', 'maxItems'],
      ],
      [
        'a photo that is no id',
        { name: 'A', referenceImages: { assetIds: [unknownId('asset'), 'x'] } },
        ['body.referenceImages.assetIds.1', 'pattern'],
      ],
      [
        'a photo given by URL',
        { name: 'A', referenceImages: { assetIds: assets(1), urls: [] } },
        ['body.referenceImages.urls', 'additionalProperties'],
      ],
      ...Object.entries({
        ageRange: 16,
        ethnicity: 128,
        bodyType: 128,
        hairColor: 64,
        hairStyle: 128,
        style: 256,
        vibe: 256,
        voiceDescription: 1024,
      }).map(([field, limit]): [string, unknown, [string, string]] => [
        `${field} of more than ${String(limit)} characters`,
        { name: 'A', [field]: 'x'.repeat(limit + 1) },
        [`body.${field}`, 'maxLength'],
      ]),
    ];
    for (const [title, body, ...rules] of invalid) {
      it(title, async () => {
        const reply = await refuses(body);
        assert.deepEqual([reply.status, reply.body.error.code], [422, 'VALIDATION']);
        assert.deepEqual(brokenRulesOf(reply), rules);
      });
    }
  });

  it('accepts one of many requests with one influencerId at a time', async () => {
    const influencerId = randomId();
    const replies = await Promise.all(Array.from({ length: 20 }, () => create({ name: 'Ava', influencerId })));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [202, ...Array.from({ length: 19 }, () => 409)]);
    assert.equal((await api.database('jobs').where({ influencer_id: influencerId })).length, 1);
  });
});
