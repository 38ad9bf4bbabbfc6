import assert from 'node:assert/strict';
import fc from 'fast-check';
import { v4 as randomId } from 'uuid';
import { formatId, parseId } from '../../../src/domain/ids.ts';
import type { Identity } from '../../../src/domain/influencer.ts';
import {
  call,
  createTenant,
  createTestKey,
  createTestProject,
  startTestApi,
  type CallOptions,
  type Reply,
  type Tenant,
  type TestApi,
} from '../../support/api.ts';
import { addImage, createInfluencer, insertAsset, setStatus, spellingsOf, unknownId } from '../../support/builders.ts';
import { identities, shown } from '../../support/identities.ts';
import { assertRefused, brokenRulesOf, withoutTrace } from '../../support/refusals.ts';

describe('POST /v1/influencers/:influencerId/clone', () => {
  let api: TestApi;
  let tenant: Tenant;
  let sourceId: string;
  let otherOrganization: Tenant;

  const clone = (body: unknown, from = sourceId, options: CallOptions = {}): Promise<Reply> =>
    call(`${api.url}/v1/influencers/${from}/clone`, { method: 'POST', key: tenant.key, body, ...options });
  const read = (influencerId: string): Promise<Reply> =>
    call(`${api.url}/v1/influencers/${influencerId}`, { key: tenant.key });

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
    otherOrganization = await createTenant(api.database);
    ({ influencerId: sourceId } = await createInfluencer(api, tenant, { name: 'Ava', gender: 'female', vibe: 'warm' }));
  });
  after(() => api.close());

  describe('accepts', () => {
    it('the published example, and answers as published', async () => {
      const { status, body, headers } = await clone({
        name: 'Ava Chen (EU)',
        overrides: { vibe: 'sharper, more deadpan' },
      });
      assert.equal(status, 202);
      const { jobId, influencerId, startedAt, ...rest } = body;
      assert.match(jobId, /^job_[0-9A-HJKMNP-TV-Z]{26}$/);
      assert.match(influencerId, /^inf_[0-9A-HJKMNP-TV-Z]{26}$/);
      assert.ok(Math.abs(Date.now() - Date.parse(startedAt)) < 60_000);
      assert.deepEqual(rest, {
        kind: 'influencer_create',
        status: 'running',
        stage: 'queued',
        projectId: tenant.projectId,
        locationUrl: `/v1/jobs/${String(jobId)}`,
      });
      assert.equal(headers.get('location'), body.locationUrl);
      assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
      assert.equal(headers.get('cache-control'), 'no-store');
    });

    it('and the clone can be read at once, pending, with the job that renders it', async () => {
      const { body } = await clone({ name: 'Ava (EU)', overrides: { vibe: 'deadpan' } });
      const { body: record, status } = await read(body.influencerId);
      assert.equal(status, 200);
      const { createdAt, updatedAt, attributes, ...rest } = record;
      assert.deepEqual(rest, {
        influencerId: body.influencerId,
        projectId: tenant.projectId,
        name: 'Ava (EU)',
        ...shown({ gender: 'female', vibe: 'deadpan' }),
        referenceImages: [],
        thumbnailUrl: null,
        status: 'pending',
        errorMessage: null,
        jobId: body.jobId,
      });
      assert.deepEqual([createdAt, updatedAt], [body.startedAt, body.startedAt]);
      assert.deepEqual(attributes, {
        referenceImages: [],
        clonedFrom: { influencerId: sourceId, name: 'Ava', clonedAt: createdAt },
      });
      const job = await call(`${api.url}${String(body.locationUrl)}`, { key: tenant.key });
      assert.equal(job.status, 200);
      assert.deepEqual(
        [job.body.jobId, job.body.status, job.body.stage, job.body.progress],
        [body.jobId, 'running', 'queued', 0],
      );
    });

    it('a name alone', async () => {
      const { body } = await clone({ name: 'Ava (UK)' });
      assert.deepEqual((await read(body.influencerId)).body.vibe, 'warm');
    });

    it('empty overrides, which change nothing', async () => {
      const { body } = await clone({ name: 'Ava', overrides: { personality: {} } });
      assert.deepEqual((await read(body.influencerId)).body.personality, null);
    });

    it('128 characters as a name, counted in code points', async () => {
      const name = '🙂'.repeat(128);
      const { status, body } = await clone({ name });
      assert.equal(status, 202);
      assert.equal((await read(body.influencerId)).body.name, name);
    });

    for (const status of ['pending', 'training', 'ready', 'failed'] as const) {
      it(`a source that is ${status}`, async () => {
        const source = await createInfluencer(api, tenant);
        await setStatus(api.database, source.influencerId, status);
        const reply = await clone({ name: 'Ava' }, source.influencerId);
        assert.equal(reply.status, 202);
        assert.equal((await read(reply.body.influencerId)).body.status, 'pending');
      });
    }

    it('a clone as the source', async () => {
      const first = await clone({ name: 'First', overrides: { style: 'punk' } });
      const second = await clone({ name: 'Second', overrides: { vibe: 'dry' } }, first.body.influencerId);
      const { body } = await read(second.body.influencerId);
      assert.deepEqual([body.gender, body.style, body.vibe], ['female', 'punk', 'dry']);
      assert.equal(body.attributes.clonedFrom.influencerId, first.body.influencerId);
    });

    it('makes a new clone of each request without newInfluencerId', async () => {
      const replies = [await clone({ name: 'Ava' }), await clone({ name: 'Ava' })];
      assert.equal(new Set(replies.map(({ body }) => body.influencerId)).size, 2);
      assert.equal(new Set(replies.map(({ body }) => body.jobId)).size, 2);
    });
  });

  describe('copies', () => {
    /** What a clone's record says of its identity, put as simply as it can be. */
    const model = (source: Identity, overrides: Identity) => {
      const personality = { ...source.personality, ...overrides.personality };
      const isUnset = source.personality === undefined && Object.keys(personality).length === 0;
      return { ...shown({ ...source, ...overrides }), personality: isUnset ? null : personality };
    };

    it('any identity with any overrides on top: fields and lists replace, personality merges key by key', async () => {
      await fc.assert(
        fc.asyncProperty(identities, identities, async (identity, overrides) => {
          const source = await createInfluencer(api, tenant, { ...identity });
          const { body } = await clone({ name: 'Clone', overrides }, source.influencerId);
          const { body: record } = await read(body.influencerId);
          assert.deepEqual(record, { ...record, ...model(identity, overrides) });
        }),
        { numRuns: 60 },
      );
    });

    it('the identity to the row and to the job alike, and the seed, so that the person stays the same', async () => {
      const { body } = await clone({ name: 'Ava', overrides: { hairColor: 'black' } });
      const rows = await api
        .database('influencers')
        .whereIn('id', [parseId('influencer', sourceId), parseId('influencer', body.influencerId)]);
      const [source, made] = rows.sort((a) => (a.id === parseId('influencer', sourceId) ? -1 : 1));
      const job = await api.database('jobs').where({ id: made.job_id }).first();
      assert.equal(made.seed, source.seed);
      assert.deepEqual(made.identity, { gender: 'female', vibe: 'warm', hairColor: 'black' });
      assert.deepEqual(
        { identity: job.input.identity, seed: job.input.seed },
        { identity: made.identity, seed: made.seed },
      );
    });

    it('the metadata of the source’s images into the job, uploaded and rendered ones, but not those it began with', async () => {
      const source = await createInfluencer(api, tenant);
      const addedAt = '2026-02-03T04:05:06.789Z';
      const images = [
        { role: 'uploaded', shot: null, position: 1 },
        { role: 'rendered', shot: 'portrait', position: 0 },
        { role: 'rendered', shot: 'profile', position: 2 },
      ] as const;
      const expected = [];
      for (const image of images) {
        const assetId = await addImage(api.database, source.influencerId, { ...image, addedAt });
        expected.push({ assetId, shot: image.shot, position: expected.length, addedAt: new Date(addedAt).getTime() });
      }
      await addImage(api.database, source.influencerId, { role: 'starting' });
      const { body } = await clone({ name: 'Ava' }, source.influencerId);
      const { input } = await api
        .database('jobs')
        .where({ id: parseId('job', body.jobId) })
        .first();
      const copied = (input.startingImages as (typeof expected)[number][]).map((image) => ({
        ...image,
        addedAt: new Date(image.addedAt).getTime(),
      }));
      assert.deepEqual(
        copied.sort((a, b) => (a.assetId < b.assetId ? -1 : 1)),
        expected.sort((a, b) => (a.assetId < b.assetId ? -1 : 1)),
      );
    });

    it('one moment of a source that changes meanwhile: name, identity and images of one version', async () => {
      const source = await createInfluencer(api, tenant, { name: 'version 0', vibe: 'version 0' });
      const id = parseId('influencer', source.influencerId);
      const assets = new Map<string, string>(); // by version
      let version = 0;
      const change = async () => {
        const next = `version ${String(version + 1)}`;
        const assetId = await insertAsset(api.database, tenant.projectId);
        assets.set(next, assetId);
        await api.database.transaction(async (trx) => {
          await trx('influencer_images').where({ influencer_id: id }).delete();
          await trx('influencers')
            .where({ id })
            .update({ name: next, identity: { vibe: next } });
          await trx('influencer_images').insert({
            organization_id: tenant.organizationId,
            influencer_id: id,
            asset_id: assetId,
            role: 'rendered',
            shot: 'portrait',
            position: 0,
          });
        });
        version++;
      };
      const clones: string[] = [];
      for (let wave = 0; wave < 10; wave++) {
        const accepted = new AbortController();
        const accepting = Promise.all(Array.from({ length: 10 }, () => clone({ name: 'Ava' }, source.influencerId)));
        const changing = (async () => {
          do await change();
          while (!accepted.signal.aborted);
        })();
        for (const { body } of await accepting) clones.push(parseId('influencer', body.influencerId));
        accepted.abort();
        await changing;
      }

      const rows = await api
        .database('influencers')
        .join('jobs', 'jobs.id', 'influencers.job_id')
        .whereIn('influencers.id', clones)
        .select('influencers.identity', 'influencers.attributes', 'jobs.input');
      assert.equal(rows.length, 100);
      const seen = new Set<string>();
      for (const { identity, attributes, input } of rows) {
        const { vibe } = identity;
        seen.add(vibe);
        assert.equal(attributes.clonedFrom.name, vibe);
        assert.deepEqual(input.identity, identity);
        const expected = vibe === 'version 0' ? [] : [assets.get(vibe)];
        assert.deepEqual(
          (input.startingImages as { assetId: string }[]).map(({ assetId }) => assetId),
          expected,
        );
      }
      assert.ok(seen.size >= 5, 'the source did not change while it was cloned');
    });
  });

  describe('takes ids', () => {
    for (const spelling of Object.keys(spellingsOf('influencer', randomId()))) {
      it(`in ${spelling}, as the source and as newInfluencerId, which comes back in the prefixed form`, async () => {
        const own = randomId();
        const from = spellingsOf('influencer', parseId('influencer', sourceId))[spelling] ?? '';
        const newInfluencerId = spellingsOf('influencer', own)[spelling];
        const { status, body } = await clone({ name: 'Ava', newInfluencerId }, from);
        assert.equal(status, 202);
        assert.equal(body.influencerId, formatId('influencer', own));
        for (const one of Object.values(spellingsOf('influencer', own))) {
          assert.equal((await read(one)).body.influencerId, body.influencerId);
        }
      });
    }

    it('percent-encoded in the path', async () => {
      assert.equal((await clone({ name: 'Ava' }, sourceId.replace('_', '%5F'))).status, 202);
    });
  });

  describe('refuses', () => {
    const refuses = (send: () => Promise<Reply>): Promise<Reply> => withoutTrace(api.database, send);
    const notFound = { status: 404, code: 'NOT_FOUND', message: 'Influencer not found.' } as const;
    const taken = { status: 409, code: 'CONFLICT', message: 'Influencer with this id already exists.' } as const;

    it('a source that never was', async () => {
      assertRefused(await refuses(() => clone({ name: 'Ava' }, unknownId('influencer'))), notFound);
    });

    it('a deleted source', async () => {
      const { influencerId } = await createInfluencer(api, tenant);
      await setStatus(api.database, influencerId, 'deleted');
      assertRefused(await refuses(() => clone({ name: 'Ava' }, influencerId)), notFound);
    });

    it('a source of another organization', async () => {
      const { influencerId } = await createInfluencer(api, otherOrganization);
      assertRefused(await refuses(() => clone({ name: 'Ava' }, influencerId)), notFound);
    });

    it('a source of the other environment', async () => {
      const key = await createTestKey(api.database, tenant.organizationId, { environment: 'test' });
      assertRefused(await refuses(() => clone({ name: 'Ava' }, sourceId, { key })), notFound);
    });

    it('a missing source before a newInfluencerId that is taken', async () => {
      const send = () => clone({ name: 'Ava', newInfluencerId: sourceId }, unknownId('influencer'));
      assertRefused(await refuses(send), notFound);
    });

    it('a newInfluencerId that an influencer of the organization has', async () => {
      const { influencerId } = await createInfluencer(api, tenant);
      for (const newInfluencerId of Object.values(spellingsOf('influencer', parseId('influencer', influencerId)))) {
        assertRefused(await refuses(() => clone({ name: 'Ava', newInfluencerId })), taken);
      }
    });

    it('the source’s own id as newInfluencerId', async () => {
      assertRefused(await refuses(() => clone({ name: 'Ava', newInfluencerId: sourceId })), taken);
    });

    it('a newInfluencerId that a deleted influencer has', async () => {
      const { influencerId } = await createInfluencer(api, tenant);
      await setStatus(api.database, influencerId, 'deleted');
      assertRefused(await refuses(() => clone({ name: 'Ava', newInfluencerId: influencerId })), taken);
    });

    it('a newInfluencerId that an influencer of the organization has in the other environment', async () => {
      const { influencerId } = await createInfluencer(api, {
        key: await createTestKey(api.database, tenant.organizationId, { environment: 'test' }),
        projectId: await createTestProject(api.database, tenant.organizationId, 'test'),
      });
      assertRefused(await refuses(() => clone({ name: 'Ava', newInfluencerId: influencerId })), taken);
    });

    it('no newInfluencerId for another organization’s having it: both have their own', async () => {
      const { influencerId } = await createInfluencer(api, otherOrganization, { name: 'Theirs' });
      const reply = await clone({ name: 'Ours', newInfluencerId: influencerId });
      assert.equal(reply.status, 202);
      assert.equal((await read(influencerId)).body.name, 'Ours');
      const theirs = await call(`${api.url}/v1/influencers/${influencerId}`, { key: otherOrganization.key });
      assert.equal(theirs.body.name, 'Theirs');
    });

    // Name, body, and where it breaks which rule.
    const invalid: [title: string, body: unknown, ...rules: [path: string, keyword: string][]][] = [
      ['a missing name', {}, ['body.name', 'required']],
      ['an empty name', { name: '' }, ['body.name', 'minLength']],
      ['a name of 129 characters', { name: 'x'.repeat(129) }, ['body.name', 'maxLength']],
      ['a name of 129 emoji', { name: '🙂'.repeat(129) }, ['body.name', 'maxLength']],
      ['a name that is no string', { name: 7 }, ['body.name', 'type']],
      ['a name that is null', { name: null }, ['body.name', 'type']],
      ['U+0000 in the name', { name: 'A\0' }, ['body.name', 'pattern']],
      ['a lone surrogate in the name', '{"name":"A\\ud83d"}', ['body.name', 'pattern']],
      ['a low surrogate before a high one', '{"name":"\\udc00\\ud83d"}', ['body.name', 'pattern']],
      ['an unknown field', { name: 'A', sourceId: 'x' }, ['body.sourceId', 'additionalProperties']],
      ['a create field outside overrides', { name: 'A', vibe: 'x' }, ['body.vibe', 'additionalProperties']],
      ['__proto__ as a field', '{"name":"A","__proto__":{"x":1}}', ['body.__proto__', 'additionalProperties']],
      ['constructor as a field', '{"name":"A","constructor":{}}', ['body.constructor', 'additionalProperties']],
      [
        'a name from __proto__',
        '{"__proto__":{"name":"A"}}',
        ['body.__proto__', 'additionalProperties'],
        ['body.name', 'required'],
      ],
      ['overrides that are null', { name: 'A', overrides: null }, ['body.overrides', 'type']],
      ['overrides that are an array', { name: 'A', overrides: [] }, ['body.overrides', 'type']],
      ['an unknown override', { name: 'A', overrides: { mood: 'x' } }, ['body.overrides.mood', 'additionalProperties']],
      ['name as an override', { name: 'A', overrides: { name: 'B' } }, ['body.overrides.name', 'additionalProperties']],
      [
        'influencerId as an override',
        { name: 'A', overrides: { influencerId: randomId() } },
        ['body.overrides.influencerId', 'additionalProperties'],
      ],
      [
        'referenceImages as an override',
        { name: 'A', overrides: { referenceImages: { assetIds: [randomId()] } } },
        ['body.overrides.referenceImages', 'additionalProperties'],
      ],
      [
        '__proto__ as an override',
        '{"name":"A","overrides":{"__proto__":{"vibe":"x"}}}',
        ['body.overrides.__proto__', 'additionalProperties'],
      ],
      ['an override that is null', { name: 'A', overrides: { vibe: null } }, ['body.overrides.vibe', 'type']],
      ['a gender that is null', { name: 'A', overrides: { gender: null } }, ['body.overrides.gender', 'enum']],
      [
        'a personality that is null',
        { name: 'A', overrides: { personality: null } },
        ['body.overrides.personality', 'type'],
      ],
      ['an override that is no string', { name: 'A', overrides: { vibe: ['x'] } }, ['body.overrides.vibe', 'type']],
      ['a gender that is none', { name: 'A', overrides: { gender: 'robot' } }, ['body.overrides.gender', 'enum']],
      [
        'an override that is too long',
        { name: 'A', overrides: { hairColor: 'x'.repeat(65) } },
        ['body.overrides.hairColor', 'maxLength'],
      ],
      ['U+0000 in an override', { name: 'A', overrides: { vibe: '\0' } }, ['body.overrides.vibe', 'pattern']],
      [
        'an unknown field of the personality',
        { name: 'A', overrides: { personality: { mood: 'x' } } },
        ['body.overrides.personality.mood', 'additionalProperties'],
      ],
      [
        'a personality list that is a string',
        { name: 'A', overrides: { personality: { traits: 'kind' } } },
        ['body.overrides.personality.traits', 'type'],
      ],
      [
        'a personality list with 33 entries',
        { name: 'A', overrides: { personality: { traits: Array.from({ length: 33 }, () => 'x') } } },
        ['body.overrides.personality.traits', 'maxItems'],
      ],
      [
        'a personality list with a null',
        { name: 'A', overrides: { personality: { values: ['x', null] } } },
        ['body.overrides.personality.values.1', 'type'],
      ],
      [
        'a lone surrogate deep inside',
        '{"name":"A","overrides":{"personality":{"values":["\\udfff"]}}}',
        ['body.overrides.personality.values.0', 'pattern'],
      ],
      ['a newInfluencerId that is no id', { name: 'A', newInfluencerId: 'me' }, ['body.newInfluencerId', 'pattern']],
      ['a newInfluencerId that is empty', { name: 'A', newInfluencerId: '' }, ['body.newInfluencerId', 'pattern']],
      ['a newInfluencerId that is null', { name: 'A', newInfluencerId: null }, ['body.newInfluencerId', 'type']],
      [
        'a newInfluencerId of another kind',
        { name: 'A', newInfluencerId: unknownId('job') },
        ['body.newInfluencerId', 'pattern'],
      ],
      ['an array', [], ['body', 'type']],
      ['a string', '"Ava"', ['body', 'type']],
      ['a number', '7', ['body', 'type']],
      ['null', 'null', ['body', 'type']],
      [
        'everything that is wrong at once',
        { newInfluencerId: 'me', vibe: 'x', overrides: { gender: 'robot', vibe: null, personality: { traits: [7] } } },
        ['body.name', 'required'],
        ['body.newInfluencerId', 'pattern'],
        ['body.overrides.gender', 'enum'],
        ['body.overrides.personality.traits.0', 'type'],
        ['body.overrides.vibe', 'type'],
        ['body.vibe', 'additionalProperties'],
      ],
    ];
    for (const [title, body, ...rules] of invalid) {
      it(title, async () => {
        const reply = await refuses(() => clone(body));
        assert.deepEqual([reply.status, reply.body.error.code], [422, 'VALIDATION']);
        assert.deepEqual(brokenRulesOf(reply), rules);
      });
    }

    for (const malformed of [
      'me',
      'inf_',
      formatId('job', randomId()),
      'inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AU',
      '%00',
      '%E0%A4%A',
    ]) {
      it(`${malformed} as the source, beside what is wrong in the body`, async () => {
        const reply = await refuses(() => clone({}, malformed));
        assert.deepEqual([reply.status, reply.body.error.code], [422, 'VALIDATION']);
        assert.deepEqual(brokenRulesOf(reply), [
          ['body.name', 'required'],
          ['path.influencerId', 'pattern'],
        ]);
      });
    }

    it('in words that say what to do', async () => {
      const reply = await refuses(() =>
        clone(
          { name: 'x'.repeat(129), newInfluencerId: 'me', age: 7, overrides: { gender: 'robot', vibe: '\0' } },
          'me',
        ),
      );
      const byPath = Object.fromEntries(
        (reply.body.error.details.issues as { path: string; message: string }[]).map(({ path, message }) => [
          path,
          message,
        ]),
      );
      assert.deepEqual(byPath, {
        'path.influencerId': 'must be an id of kind influencer: its prefixed form, or a UUID',
        'body.name': 'must not have more than 128 characters',
        'body.newInfluencerId': 'must be an id of kind influencer: its prefixed form, or a UUID',
        'body.age': 'is not a known field',
        'body.overrides.gender': 'must be one of male, female, nonbinary, unspecified',
        'body.overrides.vibe': 'must not contain U+0000 or an unpaired surrogate',
      });
      const [first] = reply.body.error.details.issues;
      assert.equal(reply.body.error.message, `${String(first.path)} ${String(first.message)}, and 5 more.`);
    });

    it('what is no JSON, no body, a body that is too large or of another type', async () => {
      const replies: [Reply, number, string][] = [
        [await refuses(() => clone('{"name":')), 400, 'VALIDATION'],
        [await refuses(() => clone('')), 400, 'VALIDATION'],
        [await refuses(() => clone(undefined)), 400, 'VALIDATION'],
        [await refuses(() => clone({ name: 'x'.repeat(1024 * 1024) })), 413, 'PAYLOAD_TOO_LARGE'],
        [
          await refuses(() => clone('name=Ava', sourceId, { headers: { 'Content-Type': 'text/plain' } })),
          415,
          'UNSUPPORTED_MEDIA_TYPE',
        ],
      ];
      for (const [reply, status, code] of replies) {
        assert.deepEqual([reply.status, reply.body.error.code], [status, code]);
      }
    });
  });

  describe('races', () => {
    it('forty requests with one newInfluencerId: one is accepted, the others conflict, and there is one job', async () => {
      const own = randomId();
      const spellings = Object.values(spellingsOf('influencer', own));
      const replies = await Promise.all(
        Array.from({ length: 40 }, (_, i) => clone({ name: 'Ava', newInfluencerId: spellings[i % spellings.length] })),
      );
      const statuses = replies.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [202, ...Array.from({ length: 39 }, () => 409)]);
      const jobs = await api.database('jobs').where({ influencer_id: own });
      const events = await api.database('job_events').where({ job_id: jobs[0].id });
      assert.deepEqual([jobs.length, events.length], [1, 1]);
    });
  });
});
