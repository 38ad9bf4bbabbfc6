// Requests that nobody would think of, to every endpoint of the list. SEED repeats a run, or makes another one.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { endpoints } from '../../src/endpoints/index.ts';
import { call, startTestApi, type CallOptions, type Tenant, type TestApi } from '../support/api.ts';
import { assertErrorOf } from '../support/refusals.ts';
import { nearlyValuesOf, oddJson, valuesOf } from '../support/schema-values.ts';
import { createThings } from '../support/things.ts';
import { keptIn } from '../support/traces.ts';

const seed = Number(process.env['SEED'] ?? 1);

/** Requests are odd in a place or two, so that they come far. */
function mostly<Usual, Odd>(usual: Usual, odd: fc.Arbitrary<Odd>): fc.Arbitrary<Usual | Odd> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: odd });
}

/** What a URL may hold as it stands. */
const oddPieces = [
  '',
  '.',
  '..',
  '%',
  '%zz',
  '%00',
  '%0d%0a',
  '%2e%2e%2f',
  '%252e',
  '%c0%80',
  '%ed%a0%80',
  '*',
  ':id',
  '~',
];
const pieces = fc.oneof(
  fc.constantFrom(...oddPieces),
  fc.uuid(),
  fc.string({ unit: 'binary' }).map((text) => encodeURIComponent(text)),
);

const queryNames = [
  'limit',
  'cursor',
  'status',
  'search',
  'kind',
  'projectId',
  'clonedFrom',
  '__proto__',
  'toString',
  '',
];
const queries = mostly(
  '',
  fc
    .array(fc.tuple(fc.oneof(fc.constantFrom(...queryNames), fc.string()), pieces), { maxLength: 4 })
    .map((pairs) => `?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${value}`).join('&')}`),
);

/** What a header may hold on the wire: no control characters, and no more than Latin-1. */
const headerTexts = fc.oneof(
  fc.constantFrom(...['', '*', '""', '"0-0"', 'W/"1"', ',', '=', ';', 'wait=x', '"\\', '-1', '1e3', '%00', 'gzip;q=x']),
  fc.uint8Array({ min: 0x20 }).map((bytes) => Buffer.from(bytes).toString('latin1').replaceAll('\x7f', ' ')),
);
const headerNames = [
  ...['Idempotency-Key', 'If-Match', 'If-None-Match', 'Prefer', 'Last-Event-ID', 'X-Request-Id', 'X-Doppel-Simulate'],
  ...['Authorization', 'Accept', 'Accept-Encoding', 'Range', 'Origin', 'X-HTTP-Method-Override', 'Cookie'],
];
const headerSets = mostly(
  {},
  fc.oneof(
    { weight: 3, arbitrary: fc.dictionary(fc.constantFrom(...headerNames), headerTexts, { maxKeys: 3 }) },
    {
      weight: 1,
      arbitrary: fc.dictionary(fc.constantFrom('Content-Type', 'Content-Encoding'), headerTexts, { maxKeys: 1 }),
    },
  ),
);

describe('every endpoint, whatever it is sent', function () {
  this.timeout(120_000);
  let api: TestApi;
  before(async () => {
    api = await startTestApi();
  });
  after(() => api.close());

  for (const { method, path, body: schema } of endpoints) {
    describe(`${method.toUpperCase()} ${path}`, () => {
      let tenant: Tenant;
      let things: ReadonlyMap<string, string>;
      before(async () => {
        ({ tenant, things } = await createThings(api));
      });

      const bodies: fc.Arbitrary<unknown> =
        schema === undefined
          ? fc.constant(undefined)
          : fc.oneof(
              { weight: 4, arbitrary: nearlyValuesOf(schema).map((body) => JSON.stringify(body)) },
              { weight: 1, arbitrary: valuesOf(schema).map((body) => JSON.stringify(body)) },
              { weight: 1, arbitrary: oddJson.map((body) => JSON.stringify(body)) },
              { weight: 1, arbitrary: fc.oneof(fc.string(), fc.uint8Array()) },
            );
      const oddIds = fc.array(mostly(undefined, pieces), { minLength: 3, maxLength: 3 });
      const pathWith = ([...ids]: (string | undefined)[]) =>
        path.replaceAll(/:(\w+)/g, (_, name: string) => ids.shift() ?? things.get(name) ?? assert.fail(`no ${name}`));

      it('answers with what its document says, refuses in the form of errors, and then leaves nothing behind', () =>
        fc.assert(
          fc.asyncProperty(oddIds, queries, headerSets, bodies, async (ids, query, headers, body) => {
            const options: CallOptions = { method: method.toUpperCase(), key: tenant.key, headers, body };
            const url = `${api.url}${pathWith(ids)}${query}`;
            const before = await keptIn(api);
            const reply = await call(url, options);
            if (reply.status < 400) return;
            assertErrorOf(reply);
            assert.deepEqual(await keptIn(api), before);
          }),
          { seed, numRuns: schema === undefined ? 25 : 50 },
        ));
    });
  }
});
