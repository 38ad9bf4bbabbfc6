import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseId } from '../../../src/domain/ids.ts';
import type { Identity } from '../../../src/domain/influencer.ts';
import { call, createTenant, startTestApi, type Reply, type Tenant, type TestApi } from '../../support/api.ts';
import { addImage, createInfluencer, setStatus, spellingsOf, unknownId } from '../../support/builders.ts';
import { identities, shown } from '../../support/identities.ts';
import { assertRefused, brokenRulesOf } from '../../support/refusals.ts';

const notFound = { status: 404, code: 'NOT_FOUND', message: 'Influencer not found.' } as const;

describe('PATCH /v1/influencers/:influencerId', () => {
  let api: TestApi;
  let tenant: Tenant;
  let influencerId: string;

  before(async () => {
    api = await startTestApi();
    tenant = await createTenant(api.database);
  });
  after(() => api.close());
  beforeEach(async () => {
    ({ influencerId } = await createInfluencer(api, tenant, {
      gender: 'female',
      vibe: 'warm',
      personality: { tone: 'soft', humor: 'dry', traits: ['kind', 'quick'] },
    }));
  });

  const patch = (body: unknown, headers: Record<string, string> = {}, id = influencerId): Promise<Reply> =>
    call(`${api.url}/v1/influencers/${id}`, { method: 'PATCH', key: tenant.key, body, headers });
  const read = (id = influencerId): Promise<Reply> => call(`${api.url}/v1/influencers/${id}`, { key: tenant.key });
  const row = () =>
    api
      .database('influencers')
      .where({ id: parseId('influencer', influencerId) })
      .first();
  const versionOf = (reply: Reply) => Number(/^"(\d+)-/.exec(reply.headers.get('etag') ?? '')?.[1]);
  const refuses = async (attempt: () => Promise<Reply>): Promise<Reply> => {
    const before = await row();
    const reply = await attempt();
    assert.deepEqual(await row(), before);
    return reply;
  };

  describe('changes', () => {
    it('what is sent and nothing else, and answers the record with its new version', async () => {
      const before = await read();
      const reply = await patch({ name: 'Ava', vibe: 'sharp', hairColor: 'copper' });
      assert.equal(reply.status, 200);
      const { updatedAt, ...rest } = reply.body;
      const { updatedAt: updatedBefore, ...restBefore } = before.body;
      assert.deepEqual(rest, { ...restBefore, name: 'Ava', vibe: 'sharp', hairColor: 'copper' });
      assert.ok(updatedAt > updatedBefore);
      assert.equal(versionOf(reply), versionOf(before) + 1);
      const after = await read();
      assert.deepEqual([after.body, after.headers.get('etag')], [reply.body, reply.headers.get('etag')]);
    });

    it('a field to unset with null', async () => {
      const { body } = await patch({ vibe: null, gender: null });
      assert.deepEqual([body.vibe, body.gender], [null, null]);
      assert.deepEqual(Object.keys((await row()).identity), ['personality']);
    });

    it('the personality key by key: null clears a key, a list replaces the list, null instead clears it all', async () => {
      const merged = await patch({ personality: { tone: null, traits: ['calm'], formality: 'casual' } });
      assert.deepEqual(merged.body.personality, { humor: 'dry', traits: ['calm'], formality: 'casual' });
      assert.equal((await patch({ personality: null })).body.personality, null);
      assert.equal((await patch({ personality: { tone: null } })).body.personality, null);
      assert.deepEqual((await patch({ personality: { tone: 'soft' } })).body.personality, { tone: 'soft' });
    });

    it('any identity by any patches, as the simplest model of it does', async () => {
      await fc.assert(
        fc.asyncProperty(identities, fc.array(patches, { minLength: 1, maxLength: 4 }), async (identity, changes) => {
          const made = await createInfluencer(api, tenant, { ...identity });
          let expected = identity;
          for (const change of changes) {
            expected = changed(expected, change);
            const { body } = await patch({ name: 'Ava', ...change }, {}, made.influencerId);
            assert.deepEqual(body, { ...body, name: 'Ava', ...shown(expected) });
          }
        }),
        { numRuns: 40 },
      );
    });

    it('in every status', async () => {
      for (const status of ['pending', 'training', 'ready', 'failed'] as const) {
        await setStatus(api.database, influencerId, status);
        const { body } = await patch({ vibe: status });
        assert.deepEqual([body.status, body.vibe], [status, status]);
      }
    });

    it('whatever the id’s spelling', async () => {
      for (const spelling of Object.values(spellingsOf('influencer', parseId('influencer', influencerId)))) {
        assert.equal((await patch({ vibe: spelling }, {}, spelling)).body.vibe, spelling);
      }
    });

    it('no job: the one that runs was accepted with another identity', async () => {
      const before = await api.database('jobs').where({ influencer_id: parseId('influencer', influencerId) });
      await patch({ vibe: 'sharp', personality: null });
      assert.deepEqual(
        await api.database('jobs').where({ influencer_id: parseId('influencer', influencerId) }),
        before,
      );
    });

    it('what clones are made from, from then on', async () => {
      await patch({ vibe: 'sharp' });
      const clone = await call(`${api.url}/v1/influencers/${influencerId}/clone`, {
        key: tenant.key,
        body: { name: 'Clone' },
      });
      assert.equal((await read(clone.body.influencerId)).body.vibe, 'sharp');
    });

    it('nothing, and makes no new version, where it makes no difference', async () => {
      await addImage(api.database, influencerId);
      const before = await read();
      for (const body of [{ name: 'Ava Chen' }, { vibe: 'warm', style: null }, { personality: { tone: 'soft' } }]) {
        const reply = await patch(body);
        assert.deepEqual([reply.body, reply.headers.get('etag')], [before.body, before.headers.get('etag')]);
      }
    });
  });

  describe('with If-Match', () => {
    it('changes the version that it names, whatever the hour of its URLs, in a list, or *', async () => {
      const version = versionOf(await read());
      const held = [
        (await read()).headers.get('etag') ?? '',
        `"${String(version + 1)}-1"`,
        `"1-7", "${String(version + 2)}-9"`,
        '*',
      ];
      for (const etag of held) assert.equal((await patch({ vibe: `for ${etag}` }, { 'If-Match': etag })).status, 200);
    });

    it('refuses every other version, and changes nothing', async () => {
      await patch({ vibe: 'sharp' });
      for (const etag of ['"1-1"', '"99-1"', '"x"', 'x', '"-1"']) {
        assertRefused(await refuses(() => patch({ vibe: 'new' }, { 'If-Match': etag })), {
          status: 412,
          code: 'PRECONDITION_FAILED',
          message: 'The influencer has another version than If-Match says.',
        });
      }
    });

    it('lets one of many changes of one version win', async () => {
      const etag = (await read()).headers.get('etag') ?? '';
      const replies = await Promise.all(
        Array.from({ length: 12 }, (_, i) => patch({ vibe: `change ${String(i)}` }, { 'If-Match': etag })),
      );
      const statuses = replies.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [200, ...Array.from({ length: 11 }, () => 412)]);
      const winner = replies.find(({ status }) => status === 200);
      assert.equal((await read()).body.vibe, winner?.body.vibe);
    });
  });

  it('keeps every one of many changes at once, each with a version of its own', async () => {
    const before = versionOf(await read());
    const fields = ['ageRange', 'ethnicity', 'bodyType', 'hairColor', 'hairStyle', 'style', 'vibe', 'voiceDescription'];
    const replies = await Promise.all([
      ...fields.map((field) => patch({ [field]: 'new' })),
      patch({ personality: { tone: 'new' } }),
      patch({ personality: { values: ['new'] } }),
    ]);
    assert.deepEqual(
      replies.map(versionOf).sort((a, b) => a - b),
      replies.map((_, i) => before + 1 + i),
    );
    const { body } = await read();
    for (const field of fields) assert.equal(body[field], 'new', field);
    assert.deepEqual(body.personality, { tone: 'new', humor: 'dry', traits: ['kind', 'quick'], values: ['new'] });
  });

  describe('under an Idempotency-Key', () => {
    it('changes once, and answers a repeat as it answered first, though it was changed again since', async () => {
      const headers = { 'Idempotency-Key': 'patch-1' };
      const first = await patch({ vibe: 'first' }, headers);
      await patch({ vibe: 'second' });
      const repeat = await patch({ vibe: 'first' }, headers);
      assert.deepEqual([repeat.status, repeat.body], [200, first.body]);
      assert.equal(repeat.headers.get('idempotent-replayed'), 'true');
      assert.equal((await read()).body.vibe, 'second');
      assert.equal((await patch({ vibe: 'third' }, headers)).body.error.code, 'IDEMPOTENCY_CONFLICT');
    });

    it('does not use the key up when it is refused', async () => {
      const headers = { 'Idempotency-Key': 'patch-2' };
      assert.equal((await patch({ vibe: 'x' }, { ...headers, 'If-Match': '"99-1"' })).status, 412);
      assert.equal((await patch({ vibe: 'x' }, headers)).status, 200);
    });
  });

  describe('refuses', () => {
    const invalid: [title: string, body: unknown, ...rules: [path: string, keyword: string][]][] = [
      ['an empty body', {}, ['body', 'minProperties']],
      ['a name that is null', { name: null }, ['body.name', 'type']],
      ['an empty name', { name: '' }, ['body.name', 'minLength']],
      ['a field that is too long', { vibe: 'x'.repeat(257) }, ['body.vibe', 'maxLength']],
      ['a field of another type', { vibe: 7 }, ['body.vibe', 'type']],
      ['a gender that is none', { gender: 'robot' }, ['body.gender', 'enum']],
      ['U+0000', { style: '\0' }, ['body.style', 'pattern']],
      ['an id', { influencerId: unknownId('influencer') }, ['body.influencerId', 'additionalProperties']],
      ['a status', { status: 'ready' }, ['body.status', 'additionalProperties']],
      ['images', { referenceImages: { assetIds: [] } }, ['body.referenceImages', 'additionalProperties']],
      ['a personality that is a list', { personality: [] }, ['body.personality', 'type']],
      ['an unknown trait', { personality: { mood: null } }, ['body.personality.mood', 'additionalProperties']],
      [
        'a list with a null, beside a key that null clears',
        { personality: { tone: null, values: ['x', null] } },
        ['body.personality.values.1', 'type'],
      ],
      [
        'a list with 33 entries',
        { personality: { traits: Array.from({ length: 33 }, () => 'x') } },
        ['body.personality.traits', 'maxItems'],
      ],
    ];
    for (const [title, body, ...rules] of invalid) {
      it(title, async () => {
        const reply = await refuses(() => patch(body));
        assert.deepEqual([reply.status, reply.body.error.code], [422, 'VALIDATION']);
        assert.deepEqual(brokenRulesOf(reply), rules);
      });
    }

    it('in words that name null', async () => {
      const { body } = await patch({ vibe: 7, gender: 'robot' });
      assert.deepEqual(
        body.error.details.issues.map(({ message }: { message: string }) => message),
        ['must be one of male, female, nonbinary, unspecified, null', 'must be a string or null'],
      );
    });

    it('one that never was and one that is deleted, in the same words, whatever If-Match says', async () => {
      assertRefused(await patch({ vibe: 'x' }, {}, unknownId('influencer')), notFound);
      await setStatus(api.database, influencerId, 'deleted');
      assertRefused(await refuses(() => patch({ vibe: 'x' })), notFound);
      assertRefused(await refuses(() => patch({ vibe: 'x' }, { 'If-Match': '"99-1"' })), notFound);
    });
  });
});

type Patch = { [Field in keyof Identity]: Identity[Field] | null };

/** Any identity, with fields and keys of its personality set to null here and there. */
const patches: fc.Arbitrary<Patch> = fc
  .tuple(identities, fc.array(fc.nat()), fc.array(fc.nat()))
  .map(([identity, fields, keys]) => {
    const withNulls = (object: object, at: number[]) =>
      Object.fromEntries(Object.entries(object).map(([name, value], i) => [name, at.includes(i) ? null : value]));
    const { personality } = identity;
    return withNulls(
      { ...identity, ...(personality === undefined ? {} : { personality: withNulls(personality, keys) }) },
      fields,
    );
  });

/** What a patch makes of an identity, put as simply as it can be. */
function changed(identity: Identity, patch: Patch): Identity {
  const set = (object: object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
  const { personality, ...fields } = patch;
  const { personality: had, ...rest } = identity;
  const merged = set({ ...had, ...personality });
  const isUnset = personality === null || (had === undefined && Object.keys(merged).length === 0);
  return set({ ...rest, ...fields, personality: isUnset ? null : merged });
}
