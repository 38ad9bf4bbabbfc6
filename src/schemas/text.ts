import Type, { type Static } from 'typebox';
import { idPattern, type IdKind } from '../domain/ids.ts';

/** Objects refuse what they do not name, at every depth. */
export const strict = { additionalProperties: false } as const;

const textPattern = '^[^\\u0000\\ud800-\\udfff]*$';

/** What a pattern demands, in words: a regular expression is no error message. */
export const patternMeanings = new Map<string, string>([
  [textPattern, 'must not contain U+0000 or an unpaired surrogate'],
]);

/** A string of at most so many code points that Postgres and JSON can hold. */
export const text = (
  maxLength: number,
  description: string,
  options: { minLength?: number; examples?: string[] } = {},
) => Type.String({ maxLength, pattern: textPattern, description, ...options });

/** An id that a caller sends, in any of its spellings. */
export const idInput = (kind: IdKind, description: string) => {
  const pattern = idPattern(kind);
  patternMeanings.set(pattern, `must be an id of kind ${kind}: its prefixed form, or a UUID`);
  return Type.String({ pattern, description });
};

/** An id in a reply: prefix and 26 characters. */
export const idOutput = (example: string, description: string) =>
  Type.String({ description, examples: [example], pattern: `^${example.slice(0, 3)}_[0-9A-HJKMNP-TV-Z]{26}$` });

/** A time in a reply: ISO 8601, UTC, milliseconds. */
export const time = (description: string) =>
  Type.String({ format: 'date-time', description, examples: ['2026-01-31T12:00:00.000Z'] });

export const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

type EachOrNull<P extends Type.TProperties> = {
  [Name in keyof P]: Type.TUnion<[P[Name] extends Type.TOptional<infer Schema> ? Schema : P[Name], Type.TNull]>;
};

/** The same properties, all of them there and null where nothing is set. */
export const eachOrNull = <P extends Type.TProperties>(properties: P) =>
  Object.fromEntries(
    Object.entries(Type.Required(Type.Object(properties)).properties).map(([name, schema]) => [
      name,
      nullable(schema as Type.TSchema),
    ]),
  ) as EachOrNull<P>;

/** A schema that null fits too. No union of two: a value that breaks one rule would be told to break each branch. */
export const clearable = <Schema extends Type.TSchema>(schema: Schema) => {
  const { enum: words, type } = schema as { enum?: unknown[]; type?: string };
  return Type.Unsafe<Static<Schema> | null>(
    words === undefined ? { ...schema, type: [type, 'null'] } : { ...schema, enum: [...words, null] },
  );
};

/** The same properties, each of which may be left out, or be null to clear it. */
export const eachClearable = <P extends Type.TProperties>(properties: P) =>
  Object.fromEntries(
    Object.entries(Type.Required(Type.Object(properties)).properties).map(([name, schema]) => [
      name,
      Type.Optional(clearable(schema as Type.TSchema)),
    ]),
  ) as { [Name in keyof P]: Type.TOptional<Type.TUnsafe<Static<P[Name]> | null>> };
