// What the OpenAPI document says of a reply, so that no test can see one that the document does not describe.

import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { endpoints } from '../../src/endpoints/index.ts';
import { openApiDocument } from '../../src/http/openapi.ts';
import { parseUrl } from '../../src/domain/parse-url.ts';
import { textFormats } from '../../src/schemas/formats.ts';

interface Operation {
  operationId: string;
  requestBody?: Record<string, unknown>;
  responses: Record<string, { content?: Record<string, unknown>; headers?: Record<string, unknown> }>;
}

export const document = openApiDocument(endpoints) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
};

const ajv = new Ajv2020({
  allErrors: true,
  strict: false, // the document around the schemas is no schema
  formats: {
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    uri: (text: string) => parseUrl(text) !== null,
    ...Object.fromEntries(Object.entries(textFormats).map(([name, { check }]) => [name, check])),
  },
});
ajv.addSchema(document, 'openapi');

/** Compiles the schema at a JSON pointer of the document, such as `/components/schemas/Error`. */
export const schemaAt = (pointer: string): ValidateFunction =>
  ajv.getSchema(`openapi#${encodeURI(pointer)}`) ?? assert.fail(`the document has nothing at ${pointer}`);

/** Puts names into a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)). */
export const pointerTo = (...names: readonly string[]): string =>
  names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

export function assertValid(validate: ValidateFunction, value: unknown): void {
  assert.ok(validate(value), `${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`);
}

/** Asserts that the document describes this reply; a refusal by a route that it does not have is an error envelope. */
export function assertDocumented(method: string, path: string, reply: { status: number; body: unknown }): void {
  const template = Object.keys(document.paths).find((one) =>
    new RegExp(`^${one.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  const operation = template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()];
  if (template === undefined || operation === undefined) {
    if (reply.status >= 400) assertValid(schemaAt('/components/schemas/Error'), reply.body);
    return;
  }
  const response = operation.responses[String(reply.status)];
  assert.ok(response, `the document has no ${String(reply.status)} of ${method} ${template}`);
  if (response.content === undefined) {
    assert.equal(reply.body, undefined, `${method} ${template} has no body with ${String(reply.status)}`);
    return;
  }
  if ('text/event-stream' in response.content) return; // who reads it compares each event
  const status = ['paths', template, method.toLowerCase(), 'responses', String(reply.status)];
  assertValid(schemaAt(pointerTo(...status, 'content', 'application/json', 'schema')), reply.body);
}
