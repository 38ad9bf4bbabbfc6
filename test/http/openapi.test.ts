import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { endpoints } from '../../src/endpoints/index.ts';
import { assertValid, document, pointerTo, schemaAt } from '../support/openapi.ts';

type Json = Record<string, unknown>;

/** Every object of a JSON value, with the names that lead to it. */
function* objectsOf(value: unknown, names: string[] = []): Generator<[names: string[], object: Json]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [names, value as Json];
  for (const [name, item] of Object.entries(value)) yield* objectsOf(item, [...names, name]);
}

const at = (reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .reduce<unknown>((value, name) => (value as Json)[name], document);

/** A part of the document with what it refers to in place of each reference. */
function resolved(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(resolved);
  if ('$ref' in value && typeof value.$ref === 'string') return resolved(at(value.$ref));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, resolved(item)]));
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document));
    assert.deepEqual(result, { valid: true });
    assert.equal(validator.version, '3.1');
  });

  it('is the one at the root (npm run openapi writes it)', async () => {
    const committed = await readFile(new URL('../../openapi.json', import.meta.url), 'utf8');
    assert.equal(committed, `${JSON.stringify(document, null, 2)}\n`);
  });

  it('describes every endpoint once, each under its own name', () => {
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    const served = endpoints.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    assert.deepEqual(described.sort(), served.sort());
    assert.equal(new Set(endpoints.map(({ operationId }) => operationId)).size, endpoints.length);
  });

  it('refers to nothing that is not in it', () => {
    for (const [, { $ref }] of objectsOf(document)) {
      if ($ref === undefined) continue;
      assert.ok(typeof $ref === 'string' && $ref.startsWith('#/'), JSON.stringify($ref));
      assert.notEqual(at($ref), undefined, $ref);
    }
  });

  it('gives examples that are valid by their own schemas', () => {
    let checked = 0;
    for (const [names, { examples }] of objectsOf(document)) {
      if (!Array.isArray(examples)) continue;
      for (const example of examples as unknown[]) assertValid(schemaAt(pointerTo(...names)), example);
      checked++;
    }
    assert.ok(checked > 10, String(checked));
  });

  describe('of what a caller sends', () => {
    const bodies = Object.values(document.paths).flatMap((operations) =>
      Object.values(operations).flatMap(({ requestBody }) => (requestBody === undefined ? [] : [requestBody])),
    );

    it('is strict at every depth', () => {
      assert.ok(bodies.length >= 2);
      for (const [names, schema] of objectsOf(bodies.map(resolved))) {
        if (schema['type'] === 'object') assert.equal(schema['additionalProperties'], false, names.join('.'));
      }
    });

    it('explains each field', () => {
      for (const [names, schema] of objectsOf(bodies.map(resolved))) {
        if (names.at(-2) !== 'properties' || schema['type'] === 'object') continue;
        assert.equal(typeof schema['description'], 'string', names.join('.'));
      }
    });
  });

  it('tells for every endpoint what it answers when the caller is unknown, may not, or is wrong, and when it fails', () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, { responses }] of Object.entries(operations)) {
        const withBody = method === 'get' ? [] : ['400', '413', '415'];
        for (const status of ['401', '403', '422', '500', '503', ...withBody]) {
          assert.ok(status in responses, `${method} ${path} does not tell ${status}`);
        }
      }
    }
  });
});
