// The OpenAPI document is made from the endpoints, so that it cannot say anything else than what is checked.

import { simulationPattern } from '../domain/simulation.ts';
import type { TSchema } from 'typebox';
import { errorCodes, type RequestErrorCode } from '../domain/errors.ts';
import { errorEnvelope as errorSchema } from '../schemas/error.ts';
import type { Endpoint, ReplySpec } from './define-endpoint.ts';
import { idempotencyKeyPattern } from './idempotency.ts';
import { pathParamsOf, pathParamSchema } from './validation.ts';

const description = `Doppel keeps *influencers* (synthetic people: an identity and a set of reference images that show the same person)
and clones them. Making one, from scratch or from another, is a *job*: the row exists at once with \`status: "pending"\`, and its
reference images are rendered meanwhile.

Ids come out as a prefix and 26 characters (\`inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AB\`) and go in like that, in either case, or as a UUID, bare
or behind the prefix. Times are ISO 8601 in UTC. Bodies are strict: a field that is not documented here is \`VALIDATION\`.

Send an \`Idempotency-Key\` with what changes something, and repeat the request with the same key whenever its answer did not reach
you: it has one effect. A key allows so many calls a minute of each rate class; \`RateLimit\` tells what is left, and where a 429 or 503
has \`Retry-After\`, wait that long. Every reply has an \`X-Request-Id\`; say it when you ask about one. Replies are compressed for
callers that say \`Accept-Encoding: gzip\`. GETs can be asked as HEAD too.`;

/** What any endpoint may answer, beside its own. */
const everywhere: RequestErrorCode[] = [
  'VALIDATION',
  'UNAUTHENTICATED',
  'RATE_LIMITED',
  'KILL_SWITCH',
  'INTERNAL',
  'UNAVAILABLE',
];

type Json = Record<string, unknown>;

export function openApiDocument(endpoints: readonly Endpoint<never>[]): Json {
  const schemas: Json = {};
  const component = (schema: TSchema): Json => hoist(schema, schemas) as Json;
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method]: operationOf(endpoint, component) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Doppel',
      version: '1',
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }, { bearer: [] }],
    tags: [...new Set(endpoints.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'Counts where both headers are sent.' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
      headers: {
        RequestId: {
          description: 'Names this request; say it when you ask about it.',
          schema: { type: 'string', examples: ['req_01JMB9G3W6X5Q2R8T4V7Y0Z1AB'] },
        },
        ETag: { description: 'The version of the body, for `If-None-Match`.', schema: { type: 'string' } },
        'Preference-Applied': {
          description: 'How long the answer would have waited, where that was asked for.',
          schema: { type: 'string', examples: ['wait=30'] },
        },
        Location: { description: 'Where the job, or what was made, can be read.', schema: { type: 'string' } },
        'Idempotent-Replayed': {
          description: '`true` where the answer is that of an earlier request with the same Idempotency-Key.',
          schema: { type: 'string', enum: ['true'] },
        },
        RateLimit: {
          description: 'What is left of the minute: `"class";r=calls;t=seconds`. Not there where the key has no limit.',
          schema: { type: 'string', examples: ['"read-light";r=117;t=42'] },
        },
        'RateLimit-Policy': {
          description: 'What a minute allows: `"class";q=calls;w=60`. Not there where the key has no limit.',
          schema: { type: 'string', examples: ['"read-light";q=120;w=60'] },
        },
        'X-RateLimit-Endpoint-Class': {
          description: 'The rate class of the endpoint.',
          schema: { type: 'string', enum: ['read-light', 'write-light', 'long-running'] },
        },
        'Retry-After': {
          description: 'How many seconds to wait before the next try; not there where trying again does not help.',
          schema: { type: 'string', pattern: '^[1-9][0-9]*$', examples: ['17'] },
        },
        'WWW-Authenticate': {
          description: 'How to authenticate.',
          schema: { type: 'string', examples: ['Bearer realm="doppel"'] },
        },
      },
      schemas: { ...schemas, Error: hoisted(errorSchema, schemas) },
    },
  };
}

function operationOf(endpoint: Endpoint<never>, component: (schema: TSchema) => Json): Json {
  const { operationId, tag, summary, scope, rateClass, body, bodyIsOptional, replies, errors } = endpoint;
  const isRead = endpoint.method === 'get';
  const waitHeaders = endpoint.canWait === true ? ['Preference-Applied'] : [];
  const codes = [...everywhere, ...(scope === null ? [] : ['FORBIDDEN_SCOPE' as const])];
  if (body !== undefined) codes.push('PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE');
  if (!isRead) codes.push('IDEMPOTENCY_CONFLICT');
  if (endpoint.takesIfMatch === true) codes.push('PRECONDITION_FAILED');
  codes.push(...errors);
  return {
    operationId,
    tags: [tag],
    summary,
    description: `${endpoint.description}\n\n${scope === null ? 'Any valid key' : `Scope \`${scope}\``}, rate class \`${rateClass}\`.`,
    parameters: parametersOf(endpoint),
    ...(body === undefined
      ? {}
      : { requestBody: { required: bodyIsOptional !== true, content: json(component(body)) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(replies).map(([status, reply]) => [
          status,
          {
            description: reply.description,
            headers: headersOf([
              ...(reply.hasEtag === true ? ['ETag'] : []),
              ...waitHeaders,
              ...(status === '202' || reply.hasLocation === true ? ['Location'] : []),
              ...(isRead ? [] : ['Idempotent-Replayed']),
              ...limitHeaders,
            ]),
            ...contentOf(reply, component),
          },
        ]),
      ),
      ...(isRead && Object.values(replies).some(({ hasEtag }) => hasEtag)
        ? {
            304: {
              description: 'You have the newest version.',
              headers: headersOf(['ETag', ...waitHeaders, ...limitHeaders]),
            },
          }
        : {}),
      ...errorReplies(codes),
    },
  };
}

/** What a reply's body is: JSON, frames with JSON in them, or nothing. */
function contentOf({ schema, isEventStream }: ReplySpec, component: (schema: TSchema) => Json): Json {
  if (schema === undefined) return {};
  if (isEventStream !== true) return { content: json(component(schema)) };
  // Of one event: 3.1 has no word for the items of a stream, and its readers take the schema for theirs.
  const event = {
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: { type: 'string', pattern: '^[0-9]+$', description: 'Its number: what `Last-Event-ID` names.' },
      event: { type: 'string' },
      data: { type: 'string', contentMediaType: 'application/json', contentSchema: component(schema) },
    },
  };
  return { content: { 'text/event-stream': { schema: event } } };
}

const limitHeaders = ['RateLimit', 'RateLimit-Policy', 'X-RateLimit-Endpoint-Class'];

function parametersOf({
  path,
  query,
  method,
  replies,
  takesIfMatch,
  takesSimulation,
  canWait,
}: Endpoint<never>): Json[] {
  const inQuery = query as { properties: Record<string, TSchema>; required?: string[] } | undefined;
  const header = (name: string, description: string, schema: Json) => ({ name, in: 'header', description, schema });
  return [
    ...pathParamsOf(path).map((name) => ({ name, in: 'path', required: true, ...described(pathParamSchema(name)) })),
    ...Object.entries(inQuery?.properties ?? {}).map(([name, schema]) => ({
      name,
      in: 'query',
      required: (inQuery?.required?.includes(name) ?? false) && !('default' in schema),
      ...described(schema),
    })),
    ...(method === 'get' && Object.values(replies).some(({ hasEtag }) => hasEtag)
      ? [header('If-None-Match', 'The `ETag` that you have: answered 304 while it is the newest.', { type: 'string' })]
      : []),
    ...(canWait === true
      ? [
          header(
            'Prefer',
            `\`wait=N\` lets the answer wait N seconds, 60 at most, and says so in \`Preference-Applied\`: with \`If-None-Match\` until
there is another version, and 304 when there is none by then; without, until the job has ended.`,
            { type: 'string', examples: ['wait=30'] },
          ),
        ]
      : []),
    ...(Object.values(replies).some(({ isEventStream }) => isEventStream)
      ? [
          header('Last-Event-ID', 'The number of the last event that you have: only what comes after it is sent.', {
            type: 'string',
            pattern: '^[0-9]+$',
          }),
        ]
      : []),
    ...(takesSimulation === true
      ? [
          header(
            'X-Doppel-Simulate',
            `Rehearses trouble, with test keys alone: what your own code does when an image fails (\`fail_shot=3\`), the renderer
refuses (\`reject\`), drawing is slow (\`delay_ms=2000\`), or the renderer is too busy and is tried again (\`retry_after=5\`). Several
with commas between them. It is of the job's first attempt: a retry goes well.`,
            { type: 'string', pattern: simulationPattern, examples: ['fail_shot=3', 'retry_after=5,delay_ms=2000'] },
          ),
        ]
      : []),
    ...(takesIfMatch === true
      ? [header('If-Match', 'The `ETag` that you have: 412 when the thing has changed since.', { type: 'string' })]
      : []),
    ...(method === 'get'
      ? []
      : [
          header(
            'Idempotency-Key',
            'Any text of yours that names this request: a repeat within 24 hours has no further effect and gets the same answer.',
            { type: 'string', pattern: idempotencyKeyPattern },
          ),
        ]),
  ];
}

/** A parameter tells what it is for beside its schema. */
function described(schema: TSchema): { description: string; schema: Json } {
  const { description = '', ...rest } = schema as TSchema & { description?: string };
  return { description, schema: hoisted(rest, {}) as Json };
}

const json = (schema: Json, examples?: Json) => ({
  'application/json': { schema, ...(examples === undefined ? {} : { examples }) },
});

const exampleDetails: Partial<Record<RequestErrorCode, Json>> = {
  VALIDATION: { issues: [{ path: 'body.doppel', message: 'is not a known field', keyword: 'additionalProperties' }] },
  FORBIDDEN_SCOPE: { required: 'influencers:write' },
  RATE_LIMITED: { limit: 'long-running' },
};

const exampleOf = (code: RequestErrorCode) => ({
  value: {
    error: {
      code,
      message: errorCodes[code].meaning.replaceAll('`', ''),
      requestId: 'req_01JMB9G3W6X5Q2R8T4V7Y0Z1AB',
      ...(code in exampleDetails ? { details: exampleDetails[code] } : {}),
    },
  },
});

const headersOf = (names: readonly string[]) => ({
  'X-Request-Id': { $ref: '#/components/headers/RequestId' },
  ...Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
});

/** One reply a status, telling the codes that come with it. */
function errorReplies(codes: readonly RequestErrorCode[]): Json {
  const byStatus = new Map<number, RequestErrorCode[]>();
  const add = (status: number, code: RequestErrorCode) => byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  for (const code of new Set(codes)) add(errorCodes[code].status, code);
  if (codes.includes('UNSUPPORTED_MEDIA_TYPE')) add(400, 'VALIDATION'); // a body that is no JSON
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      status,
      {
        description: those
          .map((code) => `\`${code}\`: ${status === 400 ? 'The body is empty, or no JSON.' : errorCodes[code].meaning}`)
          .join(' '),
        headers: headersOf([
          ...(status === 401 ? ['WWW-Authenticate'] : limitHeaders),
          ...(status === 429 || status === 503 ? ['Retry-After'] : []),
        ]),
        content: json(
          { $ref: '#/components/schemas/Error' },
          Object.fromEntries(those.map((code) => [code, exampleOf(code)])),
        ),
      },
    ]),
  );
}

/** Replaces each schema that has a title by a reference to the component of that name. */
function hoist(value: unknown, schemas: Json): unknown {
  const title = (value as { title?: unknown } | null)?.title;
  if (typeof title !== 'string') return hoisted(value, schemas);
  schemas[title] ??= hoisted(value, schemas);
  return { $ref: `#/components/schemas/${title}` };
}

function hoisted(value: unknown, schemas: Json): unknown {
  if (Array.isArray(value)) return value.map((item) => hoist(item, schemas));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => key !== 'title' || typeof item !== 'string')
      .map(([key, item]) => [
        key,
        key === 'pattern' && typeof item === 'string' ? published(item) : hoist(item, schemas),
      ]),
  );
}

/** Most languages' regular expressions know no lone surrogates, and their strings hold none. */
const published = (pattern: string): string => pattern.replace('\\ud800-\\udfff', '');
