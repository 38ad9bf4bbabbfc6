// JSON that is well-formed and means harm, in each place of each body, and what becomes of numbers.

import assert from 'node:assert/strict';
import { endpoints } from '../../src/endpoints/index.ts';
import { call, startTestApi, type Reply, type TestApi } from '../support/api.ts';
import { assertErrorOf, brokenRulesOf } from '../support/refusals.ts';
import { placesOf, withValueAt, type Place } from '../support/schema-values.ts';
import { createThings } from '../support/things.ts';
import { leavingNothing } from '../support/traces.ts';

const bodyBytes = 1024 * 1024;
const namesOfJavaScript = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];

/** Stands for JSON that no value of JavaScript is written as. */
const mark = 'REPLACED';
const textWith = (example: unknown, path: Place['path'], json: string): string =>
  JSON.stringify(withValueAt(example, path, mark)).replace(`"${mark}"`, () => json);

const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);
const filling = (item: string) => `[${item}${`,${item}`.repeat(Math.floor((bodyBytes - 2_000) / (item.length + 1)))}]`;
const manyFields = `{${Array.from({ length: 80_000 }, (_, index) => `"${index.toString(36)}":1`).join(',')}}`;

describe('hostile JSON', () => {
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());

  for (const { method, path, body: schema } of endpoints) {
    if (schema === undefined) continue;
    const [example] = (schema as { examples?: unknown[] }).examples ?? [];
    const places = placesOf(schema);

    describe(`in ${method.toUpperCase()} ${path}`, () => {
      let key: string;
      let url: string;
      before(async () => {
        const { tenant, things } = await createThings(api);
        ({ key } = tenant);
        const at = path.replaceAll(/:(\w+)/g, (_, name: string) => things.get(name) ?? assert.fail(`no ${name}`));
        url = `${api.url}${at}`;
      });

      const send = (body: unknown): Promise<Reply> => call(url, { method: method.toUpperCase(), key, body });
      /** Sends what the place does not take; gives the rules that are broken there. */
      const refused = async (place: Place, json: string): Promise<string[]> => {
        const reply = await leavingNothing(api, () => send(textWith(example, place.path, json)));
        const where = ['body', ...place.path].join('.');
        assert.equal(reply.status, 422, where);
        assertErrorOf(reply);
        const rules = brokenRulesOf(reply);
        assert.ok(rules.length > 0 && rules.every(([one]) => one.startsWith(where)), JSON.stringify([where, rules]));
        return rules.map(([, keyword]) => keyword);
      };

      it('is refused where it is ten thousand levels deep', async () => {
        for (const place of places) {
          await refused(place, nested(10_000, '[', ']'));
          await refused(place, `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`);
        }
      });

      it('is refused where it is as many values as a body can hold, of which the first broken rule alone is told', async () => {
        for (const place of places.filter(({ schema: { type } }) => type === 'array' || type === 'object')) {
          for (const item of ['[]', '1', '""']) assert.equal((await refused(place, filling(item))).length, 1);
          assert.equal((await refused(place, manyFields)).length, 1);
        }
      });

      it('is refused in fields that are called as what objects of JavaScript have, and changes no other object', async () => {
        const objects = places.filter(({ schema: { properties = {} } }) => Object.keys(properties).length > 0);
        const before = Reflect.ownKeys(Object.prototype);
        const fields = objects.flatMap(({ path: inside }) => namesOfJavaScript.map((name) => [...inside, name]));
        const body = fields.reduce<unknown>((made, field) => withValueAt(made, field, { hostile: true }), example);
        const reply = await leavingNothing(api, () => send(body));
        assert.equal(reply.status, 422);
        const unknown = brokenRulesOf(reply).filter(([, keyword]) => keyword === 'additionalProperties');
        const expected = fields.map((field) => ['body', ...field].join('.'));
        assert.deepEqual(unknown.map(([where]) => where).sort(), expected.sort());
        assert.deepEqual(Reflect.ownKeys(Object.prototype), before);
      });
    });
  }

  it('is refused in queries that are called as what objects of JavaScript have', async () => {
    const { tenant } = await createThings(api);
    for (const { path } of endpoints.filter(({ method, path: one }) => method === 'get' && !one.includes(':'))) {
      for (const name of namesOfJavaScript) {
        const reply = await call(`${api.url}${path}?${name}=x&${name}[x]=1`, { key: tenant.key });
        assert.equal(reply.status, 422, `${path} ${name}`);
        const paths = [`query.${name}`, `query.${name}[x]`];
        assert.deepEqual(
          brokenRulesOf(reply),
          paths.map((one) => [one, 'additionalProperties']),
        );
      }
    }
  });

  describe('of a project', () => {
    let key: string;
    before(async () => {
      ({
        tenant: { key },
      } = await createThings(api));
    });
    const create = (json: string) => call(`${api.url}/v1/projects`, { key, body: json });

    for (const [sent, shown] of Object.entries<number>({
      '-0': 0,
      '1e-400': 0,
      '-1E-400': 0,
      '1.0': 1,
      '9007199254740993': 9007199254740992,
      '123456789012345678901234567890': 123456789012345680000000000000,
      '0.1': 0.1,
      '5e-324': 5e-324,
      '1.7976931348623157e308': Number.MAX_VALUE,
    })) {
      it(`keeps ${sent} in metadata as the number of 64 bits that it is next to`, async () => {
        const { status, body } = await create(`{"name":"x","timezone":"UTC","metadata":{"number":${sent}}}`);
        assert.deepEqual([status, body.metadata], [201, { number: shown }]);
        const read = await call(`${api.url}/v1/projects/${String(body.id)}`, { key });
        assert.deepEqual(read.body.metadata, { number: shown });
      });
    }

    it('is taken with the mark of UTF-8 before it', async () => {
      assert.equal((await create('\ufeff{"name":"x","timezone":"UTC"}')).status, 201);
    });

    it('counts the last of a field that is there twice, also for what is refused', async () => {
      const { status, body } = await create('{"name":7,"name":"last","timezone":"UTC"}');
      assert.deepEqual([status, body.name], [201, 'last']);
      const reply = await leavingNothing(api, () => create('{"name":"x","timezone":"UTC","name":7}'));
      assert.deepEqual([reply.status, brokenRulesOf(reply)], [422, [['body.name', 'type']]]);
    });
  });

  it('is no size of an upload unless it is a whole number that there can be', async () => {
    const { tenant } = await createThings(api);
    const presign = (sizeBytes: string) =>
      call(`${api.url}/v1/projects/${tenant.projectId}/media/presign`, {
        key: tenant.key,
        body: `{"kind":"image","mimeType":"image/png","sizeBytes":${sizeBytes}}`,
      });
    for (const size of [
      '1e400',
      '-1e400',
      '-0',
      '0',
      '-1',
      '1.5',
      '1e-400',
      '9007199254740993',
      '20971521',
      '"5"',
      'true',
      '[5]',
      '{}',
    ]) {
      const reply = await leavingNothing(api, () => presign(size));
      assert.equal(reply.status, 422, size);
      assert.deepEqual([...new Set(brokenRulesOf(reply).map(([where]) => where))], ['body.sizeBytes']);
    }
    for (const size of ['1.0', '1E2']) assert.equal((await presign(size)).status, 201, size);
  });
});
