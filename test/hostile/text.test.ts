// The callers' own words, in every field that takes any: what can be kept comes back as it was, and what cannot is refused.

import assert from 'node:assert/strict';
import { endpoints } from '../../src/endpoints/index.ts';
import { call, startTestApi, type Reply, type TestApi } from '../support/api.ts';
import { createInfluencer } from '../support/builders.ts';
import { brokenRulesOf } from '../support/refusals.ts';
import { freeTextsOf, valueAt, withValueAt, type Place } from '../support/schema-values.ts';
import { createThings } from '../support/things.ts';
import { leavingNothing } from '../support/traces.ts';

const keepable: Record<string, string> = {
  'composed letters': 'é ñ 각',
  'the same letters decomposed': 'é ñ 각'.normalize('NFD'),
  'letters that compatibility would change': 'ﬁ ① Ａ ²',
  'marks that turn the direction': 'a\u202eb\u202c\u2066c\u2069\u200f',
  'what has no width': 'a\u200b\u200c\u200d\u2060\ufeffb',
  'a family of one picture': '👨‍👩‍👧‍👦 🏳️‍🌈',
  'marks on marks': `Z${'\u0300'.repeat(12)}`,
  'control characters': '\u0001\u0008\t\n\r\u001b[31m\u007f\u0085\u009b',
  'separators of lines': 'a\u2028b\u2029c',
  'what is no character': '\ufffe\uffff\ufdd0\u{10ffff}',
  'what is for private use': '\ue000\u{f0000}',
  'space around': ' \u00a0a\u3000 ',
  SQL: `'; drop table--`,
  'parameters of SQL': ':id $1 ? ?? \\ %_',
  HTML: '<img onerror=1>',
  templates: '${1}{{2}}<%=3%>',
  'names of JavaScript': '__proto__',
  JSON: '"}],null,\\u0000',
};

const unkeepable: Record<string, string> = {
  'U+0000': 'a\0b',
  'half of a character': 'a\ud83d',
  'the other half': '\ude00a',
  'two halves in the wrong order': '\ude00\ud83d',
};

/** Counted as JSON Schema does, in code points. */
const firstCodePoints = (text: string, count: number) => Array.from(text).slice(0, count).join('');

/** What a record does not show. */
const notShown = ['filename', 'reason'];

describe('a text of a caller', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());

  for (const { method, path, body: schema } of endpoints) {
    const places = freeTextsOf(schema ?? {});
    const [example] = (schema as { examples?: unknown[] } | undefined)?.examples ?? [];
    if (places.length === 0) continue;

    /** The endpoint's example with a text in all of these places. */
    const bodyWith = (all: readonly Place[], textFor: (place: Place) => string): unknown =>
      all.reduce<unknown>((body, place) => withValueAt(body, place.path, textFor(place)), example);

    describe(`in ${method.toUpperCase()} ${path}`, () => {
      let key: string;
      let things: ReadonlyMap<string, string>;
      const renew = async () => {
        ({
          tenant: { key },
          things,
        } = await createThings(api));
      };
      before(renew);

      const send = (body: unknown): Promise<Reply> => {
        const at = path.replaceAll(/:(\w+)/g, (_, name: string) => things.get(name) ?? assert.fail(`no ${name}`));
        return call(`${api.url}${at}`, { method: method.toUpperCase(), key, body });
      };
      const refused = async (textFor: (place: Place) => string, keyword: string, what?: string) => {
        const reply = await leavingNothing(api, () => send(bodyWith(places, textFor)));
        assert.equal(reply.status, 422, what);
        const paths = places.map((place) => ['body', ...place.path].join('.')).sort();
        assert.deepEqual(
          brokenRulesOf(reply),
          paths.map((one) => [one, keyword]),
        );
      };
      /** A webhook's URL is a text too, but not any. */
      const open = places.filter(({ path: [name] }) => name !== 'url');
      const kept = async (textFor: (place: Place) => string, what?: string) => {
        if (method === 'delete') await renew(); // it is there once
        const reply = await send(bodyWith(open, textFor));
        assert.ok(reply.status < 300, JSON.stringify(reply.body));
        // An envelope shows none of it, and a deleted one is not there.
        const isAccepted = reply.status === 202;
        const record: unknown = isAccepted
          ? (await call(`${api.url}/v1/influencers/${String(reply.body.influencerId)}`, { key })).body
          : reply.body;
        for (const place of open) {
          const shown = place.path.filter((step) => step !== 'overrides');
          if (!notShown.includes(String(shown[0])))
            assert.equal(valueAt(record, shown), textFor(place), `${shown.join('.')} ${what ?? ''}`);
        }
      };

      it('is refused in each field where it has what Postgres or UTF-8 cannot hold', async () => {
        for (const [what, text] of Object.entries(unkeepable)) await refused(() => text, 'pattern', what);
      });

      it('is refused where it is a character longer than it may be, however wide', () =>
        refused(({ schema: { maxLength = 0 } }) => '🙂'.repeat(maxLength + 1), 'maxLength'));

      it('comes back whole at its longest, in characters of four bytes', () =>
        kept(({ schema: { maxLength = 0 } }) => '🙂'.repeat(maxLength)));

      it('comes back as it was, whatever is in it', async () => {
        for (const [what, text] of Object.entries(keepable)) {
          await kept(({ schema: { maxLength = 0 } }) => firstCodePoints(text, maxLength), what);
        }
      });
    });
  }

  it('is found by its letters as they were written, not by others that look the same', async () => {
    const { tenant } = await createThings(api);
    const names = ['Café', 'Café'.normalize('NFD'), 'Cafe\u200b'];
    for (const name of names) {
      assert.equal(
        (await call(`${api.url}/v1/projects`, { key: tenant.key, body: { name, timezone: 'UTC' } })).status,
        201,
      );
    }
    for (const name of names) {
      const found = await call(`${api.url}/v1/projects?search=${encodeURIComponent(name)}`, { key: tenant.key });
      assert.deepEqual(
        found.body.items.map((one: { name: string }) => one.name),
        [name],
      );
    }
  });
});

describe('an id', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());

  it('is refused in letters that only look like its own', async () => {
    const { tenant } = await createThings(api);
    const { influencerId } = await createInfluencer(api, tenant);
    const lookAlikes = [
      influencerId.replace('inf_', 'іnf_'), // Cyrillic
      influencerId.replace('0', '０'),
      influencerId.replace('0', 'O'),
      influencerId.replace('inf_', 'ınf_'), // without a dot, whose capital is an I
      influencerId.normalize('NFD').replace('n', 'n\u0303'),
      ...['\u200b', '\u202e', '\ufeff', '\0', ' ', '\n', '\u00a0'].flatMap((one) => [
        `${one}${influencerId}`,
        `${influencerId}${one}`,
      ]),
    ];
    for (const id of lookAlikes) {
      const inPath = await call(`${api.url}/v1/influencers/${encodeURIComponent(id)}`, { key: tenant.key });
      assert.deepEqual(
        [inPath.status, brokenRulesOf(inPath)],
        [422, [['path.influencerId', 'pattern']]],
        JSON.stringify(id),
      );
      const body = { name: 'x', newInfluencerId: id };
      const clone = `${api.url}/v1/influencers/${influencerId}/clone`;
      const inBody = await leavingNothing(api, () => call(clone, { key: tenant.key, body }));
      assert.deepEqual(
        [inBody.status, brokenRulesOf(inBody)],
        [422, [['body.newInfluencerId', 'pattern']]],
        JSON.stringify(id),
      );
    }
  });
});
