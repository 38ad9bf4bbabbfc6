import assert from 'node:assert/strict';
import { endpoints } from '../../src/endpoints/index.ts';

interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  format?: string;
  maxLength?: number;
  maxItems?: number;
  maximum?: number;
  minimum?: number;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
}

/** A pattern that itself says how long a text may be: from end to end, and without a star or a plus. */
const isBoundedPattern = (pattern: string): boolean => /^\^.*\$$/.test(pattern) && !/[*+]|\{\d+,\}/.test(pattern);

/** What a schema lets grow without end, by the names that lead there. */
function unboundedIn(schema: Schema, at: string): string[] {
  const { type, properties = {}, items, anyOf = [] } = schema;
  const types = [type ?? []].flat();
  const isListed = schema.enum !== undefined || schema.const !== undefined;
  const isUnbounded =
    (types.includes('string') &&
      !isListed &&
      schema.maxLength === undefined &&
      schema.format !== 'date-time' && // whose check is of so many digits
      !isBoundedPattern(schema.pattern ?? '')) ||
    (types.includes('array') && schema.maxItems === undefined) ||
    (types.some((one) => one === 'integer' || one === 'number') &&
      (schema.maximum === undefined || schema.minimum === undefined)) ||
    (types.includes('object') && schema.properties === undefined && !('x-limits' in schema));
  return [
    ...(isUnbounded ? [at] : []),
    ...Object.entries(properties).flatMap(([name, inner]) => unboundedIn(inner, `${at}.${name}`)),
    ...(items === undefined ? [] : unboundedIn(items, `${at}[]`)),
    ...anyOf.flatMap((one) => unboundedIn(one, at)),
  ];
}

describe('what a caller may send', () => {
  for (const { operationId, body, query } of endpoints) {
    it(`is bounded in every text, list and number: ${operationId}`, () => {
      assert.deepEqual(body === undefined ? [] : unboundedIn(body as Schema, 'body'), []);
      assert.deepEqual(query === undefined ? [] : unboundedIn(query as Schema, 'query'), []);
    });
  }
});
