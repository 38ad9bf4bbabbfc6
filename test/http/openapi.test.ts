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

  it('gives examples of every refusal, each valid and with its own code', () => {
    let checked = 0;
    for (const operations of Object.values(document.paths)) {
      for (const { responses } of Object.values(operations)) {
        for (const [status, { content }] of Object.entries(responses)) {
          if (Number(status) < 400) continue;
          const { examples } = content?.['application/json'] as { examples: Record<string, { value: unknown }> };
          assert.ok(Object.keys(examples).length > 0);
          for (const [code, { value }] of Object.entries(examples)) {
            assertValid(schemaAt('/components/schemas/Error'), value);
            assert.equal((value as { error: { code: string } }).error.code, code);
            checked++;
          }
        }
      }
    }
    assert.ok(checked > 20, String(checked));
  });

  it('gives an example of every body', () => {
    for (const { body, operationId } of endpoints) {
      if (body === undefined) continue;
      assert.ok(((body as { examples?: unknown[] }).examples ?? []).length > 0, operationId);
    }
  });

  it('tells the headers of every reply', () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, { responses }] of Object.entries(operations)) {
        for (const [status, { headers = {} }] of Object.entries(responses)) {
          const expected = ['X-Request-Id', ...(status === '401' ? ['WWW-Authenticate'] : ['RateLimit'])];
          if (status === '429' || status === '503') expected.push('Retry-After');
          for (const name of expected) assert.ok(name in headers, `${method} ${path} ${status} does not tell ${name}`);
        }
      }
    }
  });

  describe('of what a caller sends', () => {
    const bodies = Object.values(document.paths).flatMap((operations) =>
      Object.values(operations).flatMap(({ requestBody }) => (requestBody === undefined ? [] : [requestBody])),
    );

    it('is strict at every depth', () => {
      assert.ok(bodies.length >= 2);
      for (const [names, schema] of objectsOf(bodies.map(resolved))) {
        // What is the caller's own JSON has limits of its own.
        if (schema['type'] === 'object' && !('x-limits' in schema))
          assert.equal(schema['additionalProperties'], false, names.join('.'));
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
      for (const [method, { operationId, responses, requestBody }] of Object.entries(operations)) {
        const withBody = requestBody === undefined ? [] : ['400', '413', '415'];
        const withScope = endpoints.some((one) => one.operationId === operationId && one.scope !== null) ? ['403'] : [];
        for (const status of ['401', '422', '429', '500', '503', ...withBody, ...withScope]) {
          assert.ok(status in responses, `${method} ${path} does not tell ${status}`);
        }
      }
    }
  });
});
