// JSON as the schemas of bodies want it, and as they do not.

import fc from 'fast-check';

interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  enum?: unknown[];
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

const longestText = 40;
const longestList = 4;
const ofFormat: Readonly<Record<string, string[]>> = {
  'date-time': ['2126-01-31T12:00:00.000Z', '2126-01-31T12:00:00+14:00'],
  'time-zone': ['Europe/Berlin', 'UTC', 'america/new_york'],
  'language-tag': ['de', 'pt-BR', 'zh-Hant-TW'],
};

/** Any value that a body's schema takes, but for rules that JSON Schema has no words for; texts and lists are short. */
export function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const types = [schema.type ?? []].flat();
  return types.length === 0 ? fc.jsonValue() : fc.oneof(...types.map((type) => valuesOfType(type, schema)));
}

function valuesOfType(type: string, schema: Schema): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], items = {}, minItems = 0, maxItems = longestList } = schema;
  switch (type) {
    case 'object': {
      const fields = Object.entries(properties).map(([name, inner]) => [name, valuesOf(inner)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: required, noNullPrototype: true });
    }
    case 'array': {
      const lengths = { minLength: minItems, maxLength: Math.min(maxItems, minItems + longestList) };
      const list = fc.array(valuesOf(items), lengths);
      return schema.uniqueItems === true ? list.map((all) => [...new Set(all)]) : list;
    }
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000 });
    case 'null':
      return fc.constant(null);
    default:
      return textsOf(schema);
  }
}

function textsOf({ format, pattern, minLength = 0, maxLength = longestText }: Schema): fc.Arbitrary<string> {
  const formatted = ofFormat[format ?? ''];
  if (formatted !== undefined) return fc.constantFrom(...formatted);
  if (pattern === undefined || isFree({ pattern })) {
    const lengths = { minLength, maxLength: Math.min(maxLength, longestText) };
    return fc.string({ unit: 'binary', ...lengths }).map((any) => any.replaceAll('\0', ' '));
  }
  return fc.stringMatching(new RegExp(pattern, 'u'));
}

/** Whether a text may be anything that can be stored. */
const isFree = ({ pattern }: Schema): boolean => pattern?.startsWith('^[^\\u0000') ?? false;

/** A field of a body, by the names and numbers that lead to it; an item of a list is its first. */
export interface Place {
  path: readonly (string | number)[];
  schema: Schema;
}

/** All fields of a body, at any depth, the body itself among them. */
export function placesOf(schema: unknown, path: Place['path'] = []): Place[] {
  const { properties = {}, items, ...rest } = schema as Schema;
  return [
    { path, schema: { ...rest, properties } },
    ...Object.entries(properties).flatMap(([name, inner]) => placesOf(inner, [...path, name])),
    ...(items === undefined ? [] : placesOf(items, [...path, 0])),
  ];
}

/** The fields of a body that hold a caller's own words. */
export const freeTextsOf = (schema: unknown): Place[] => placesOf(schema).filter((place) => isFree(place.schema));

/** A copy of a body with this value at a place; what leads there is made where it is not there. */
export function withValueAt(body: unknown, [step, ...rest]: Place['path'], value: unknown): unknown {
  if (step === undefined) return value;
  if (typeof step === 'number') return [withValueAt((body as unknown[] | undefined)?.[step], rest, value)];
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  return { ...fields, [step]: withValueAt(fields[step], rest, value) };
}

export const valueAt = (body: unknown, path: Place['path']): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | undefined)?.[step], body);

const oddValues: readonly unknown[] = [
  ...[null, true, '', ' ', '\0', '\ud800', '\u202e', -0, -1, 1.5, 2 ** 53, 1e308, [], {}, [[[[]]]]],
  ...['x'.repeat(5_000), Array.from({ length: 500 }, () => 'x'), JSON.parse('{"__proto__":{"x":1}}')],
];

/** Any JSON that no schema expects. */
export const oddJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...oddValues),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary' }),
);

/** A body as its schema wants it, with something odd in one place, or a field more or less. */
export const nearlyValuesOf = (schema: unknown): fc.Arbitrary<unknown> =>
  fc
    .tuple(valuesOf(schema as Schema), fc.constantFrom(...placesOf(schema)), oddJson, fc.string(), fc.nat(3))
    .map(([body, { path }, odd, name, change]) => {
      if (change === 0) return withValueAt(body, [...path.filter((step) => typeof step === 'string'), name], odd);
      if (change === 1) return withoutFieldAt(body, path);
      return withValueAt(body, path, odd);
    });

function withoutFieldAt(body: unknown, [step, ...rest]: Place['path']): unknown {
  if (typeof step !== 'string' || typeof body !== 'object' || body === null) return body;
  const { [step]: inner, ...others } = body as Record<string, unknown>;
  return rest.length === 0 ? others : { ...others, [step]: withoutFieldAt(inner, rest) };
}
