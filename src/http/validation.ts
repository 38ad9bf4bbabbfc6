import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import Type, { type TObject, type TSchema } from 'typebox';
import { invalid } from '../domain/errors.ts';
import { idPrefixes, parseId, type IdKind } from '../domain/ids.ts';
import { textFormats } from '../schemas/formats.ts';
import { freeJsonKeyword } from '../schemas/free-json.ts';
import { issueOf, type Meanings } from '../schemas/issues.ts';
import { idInput, patternMeanings, strict } from '../schemas/text.ts';
import type { Endpoint } from './define-endpoint.ts';

const maxIssues = 100;
/** More values than any body has that is valid. */
const maxValues = 10_000;

/** [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6) with a time zone; URLs are only ever replied. */
const formats: Record<string, true | ((text: string) => boolean)> = {
  'date-time': (text) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) &&
    !Number.isNaN(Date.parse(text)) &&
    new Date(text).getUTCFullYear() <= 9999 && // a zone can push it past what this format can write
    // Date.parse takes the 30th of February for the 2nd of March.
    new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(text.slice(0, 10)),
  uri: true,
};

const meanings: Meanings = {
  pattern: (pattern) => patternMeanings.get(pattern),
  format: (format) => textFormats[format]?.meaning,
};

/** Names the parameters of a path: `/v1/jobs/:jobId` has `jobId`. */
export const pathParamsOf = (path: string): string[] => [...path.matchAll(/:(\w+)/g)].map(([, name]) => String(name));

/** What a path parameter is an id of: `jobId` is a job's. */
const kindOf = (param: string): IdKind => {
  const kind = param.replace(/Id$/, '');
  if (!(kind in idPrefixes)) throw new TypeError(`the path parameter ${param} names no kind of id`);
  return kind as IdKind;
};

/** The schema of a path parameter: all of them are ids. */
export const pathParamSchema = (param: string): TSchema => {
  const kind = kindOf(param);
  return idInput(kind, `The ${kind}: its id in any spelling.`);
};

interface SentRequest {
  path: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
}

interface ValidRequest {
  params: Record<string, string>;
  query: unknown;
  body: unknown;
}

const options = { allErrors: true, strict: true, allowUnionTypes: true } as const;
const ajv = new Ajv2020(options);
// A query is text: numbers in it are read as numbers, and what is left out gets its default.
const queryAjv = new Ajv2020({ ...options, coerceTypes: true, useDefaults: true });
// Tells the first broken rule alone: to tell those of half a million items would hold everybody else up for a second.
const hastyAjv = new Ajv2020({ ...options, allErrors: false });
for (const one of [ajv, queryAjv, hastyAjv]) {
  for (const [name, format] of Object.entries(formats)) one.addFormat(name, format);
  for (const [name, { check }] of Object.entries(textFormats)) one.addFormat(name, check);
  one.addKeyword(freeJsonKeyword);
}

/**
 * Makes one check of a whole request of an endpoint's schemas. The check gives the request with its path's ids as UUIDs, or throws
 * `VALIDATION` with every broken rule; with the first one where the body has more values than could be valid.
 */
export function validationOf(endpoint: Endpoint<never>): (sent: SentRequest) => ValidRequest {
  const params = pathParamsOf(endpoint.path);
  const querySchema = (endpoint.query ?? Type.Object({}, strict)) as TObject;
  const properties = {
    path: {
      type: 'object',
      properties: Object.fromEntries(params.map((param) => [param, pathParamSchema(param)])),
      required: params,
    },
    ...(endpoint.body === undefined ? {} : { body: endpoint.body }),
  };
  const schema = { type: 'object', properties };
  // Compiled when they are asked for first: to compile those of all endpoints takes a quarter of a second, and a start would wait.
  const compiledBy = (by: Ajv2020, rules: object) => {
    let validate: ValidateFunction | undefined;
    return () => (validate ??= by.compile(rules));
  };
  const all = compiledBy(ajv, schema);
  const hasty = compiledBy(hastyAjv, schema);
  const ofQuery = compiledBy(queryAjv, { type: 'object', properties: { query: querySchema } });

  return ({ path, query: sentQuery, body }) => {
    const query = queryValues(sentQuery, querySchema);
    const validate = hasTooManyValues(body) ? hasty() : all();
    const validateQuery = ofQuery();
    const isValid = validate({ path, ...(body === undefined ? {} : { body }) });
    const isValidQuery = validateQuery({ query });
    if (!isValid || !isValidQuery) {
      const errors = [...(validate.errors ?? []), ...(validateQuery.errors ?? [])];
      throw invalid(errors.slice(0, maxIssues).map((error) => issueOf(error, meanings)));
    }
    return {
      params: Object.fromEntries(params.map((param) => [param, parseId(kindOf(param), path[param] ?? '')])),
      query,
      body,
    };
  };
}

/** Whether there are more than `maxValues` in it, at any depth; it looks at no more than that. */
function hasTooManyValues(body: unknown): boolean {
  const unread = [body];
  let seen = 0;
  while (unread.length > 0) {
    const value = unread.pop();
    if (++seen > maxValues) return true;
    if (typeof value !== 'object' || value === null) continue;
    const keys = Array.isArray(value) ? value : Object.keys(value);
    if (keys.length > maxValues) return true;
    unread.push(...(Object.values(value) as unknown[]));
  }
  return false;
}

/** A parameter that may be repeated is a list, however often it is there; one that may not, and is, stays a list and is refused. */
function queryValues(sent: URLSearchParams, schema: TObject): Record<string, unknown> {
  return Object.fromEntries(
    [...new Set(sent.keys())].map((name) => {
      const values = sent.getAll(name);
      const isList = (schema.properties[name] as { type?: string } | undefined)?.type === 'array';
      return [name, isList || values.length > 1 ? values : values[0]];
    }),
  );
}
