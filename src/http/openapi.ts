// The OpenAPI document is made from the endpoints, so that it cannot say anything else than what is checked.

import type { TSchema } from 'typebox';
import { errorCodes, type RequestErrorCode } from '../domain/errors.ts';
import { errorEnvelope as errorSchema } from '../schemas/error.ts';
import type { Endpoint } from './define-endpoint.ts';
import { pathParamsOf, pathParamSchema } from './validation.ts';

const description = `Doppel keeps *influencers* (synthetic people: an identity and a set of reference images that show the same person)
and clones them. Making one, from scratch or from another, is a *job*: the row exists at once with \`status: "pending"\`, and its
reference images are rendered meanwhile.

Ids come out as a prefix and 26 characters (\`inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AB\`) and go in like that, in either case, or as a UUID, bare
or behind the prefix. Times are ISO 8601 in UTC. Bodies are strict: a field that is not documented here is \`VALIDATION\`.`;

/** What any endpoint may answer, beside its own. */
const everywhere: RequestErrorCode[] = ['VALIDATION', 'UNAUTHENTICATED', 'FORBIDDEN_SCOPE', 'INTERNAL', 'UNAVAILABLE'];
const withBody: RequestErrorCode[] = ['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

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
        Location: { description: 'Where the job can be read.', schema: { type: 'string' } },
      },
      schemas: { ...schemas, Error: hoisted(errorSchema, schemas) },
    },
  };
}

function operationOf(endpoint: Endpoint<never>, component: (schema: TSchema) => Json): Json {
  const { operationId, tag, summary, scope, rateClass, body, replies, errors } = endpoint;
  const isRead = endpoint.method === 'get';
  const codes = [...everywhere, ...(body === undefined ? [] : withBody), ...errors];
  return {
    operationId,
    tags: [tag],
    summary,
    description: `${endpoint.description}\n\nScope \`${scope}\`, rate class \`${rateClass}\`.`,
    parameters: [
      ...pathParamsOf(endpoint.path).map((name) => {
        const { description: meaning, ...schema } = pathParamSchema(name) as TSchema & { description: string };
        return { name, in: 'path', required: true, description: meaning, schema };
      }),
      ...(isRead
        ? [
            {
              name: 'If-None-Match',
              in: 'header',
              description: 'The `ETag` that you have: answered 304 while it is the newest.',
              schema: { type: 'string' },
            },
          ]
        : []),
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(component(body)) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(replies).map(([status, reply]) => [
          status,
          {
            description: reply.description,
            headers: headersOf(isRead ? ['ETag'] : status === '202' ? ['Location'] : []),
            content: json(component(reply.schema)),
          },
        ]),
      ),
      ...(isRead ? { 304: { description: 'You have the newest version.', headers: headersOf(['ETag']) } } : {}),
      ...errorReplies(codes),
    },
  };
}

const json = (schema: Json) => ({ 'application/json': { schema } });

const headersOf = (names: readonly string[]) => ({
  'X-Request-Id': { $ref: '#/components/headers/RequestId' },
  ...Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
});

/** One reply a status, telling the codes that come with it. */
function errorReplies(codes: readonly RequestErrorCode[]): Json {
  const byStatus = new Map<number, RequestErrorCode[]>();
  const add = (status: number, code: RequestErrorCode) => byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  for (const code of codes) add(errorCodes[code].status, code);
  if (codes.includes('UNSUPPORTED_MEDIA_TYPE')) add(400, 'VALIDATION'); // a body that is no JSON
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      status,
      {
        description: those
          .map((code) => `\`${code}\`: ${status === 400 ? 'The body is empty, or no JSON.' : errorCodes[code].meaning}`)
          .join(' '),
        headers: headersOf([]),
        content: json({ $ref: '#/components/schemas/Error' }),
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
      .filter(([key]) => key !== 'title')
      .map(([key, item]) => [key, hoist(item, schemas)]),
  );
}
