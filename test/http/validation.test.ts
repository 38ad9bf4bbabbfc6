import assert from 'node:assert/strict';
import Type, { type TSchema } from 'typebox';
import { ApiError, type ValidationIssue } from '../../src/domain/errors.ts';
import { formatId } from '../../src/domain/ids.ts';
import { defineEndpoint } from '../../src/http/define-endpoint.ts';
import { pathParamsOf, validationOf as make } from '../../src/http/validation.ts';

const strict = { additionalProperties: false } as const;

const endpointWith = (path: string, body?: TSchema) =>
  defineEndpoint()({
    method: 'post',
    path,
    operationId: 'makeThing',
    tag: 'Things',
    summary: 'Make a thing',
    description: 'For tests.',
    scope: 'projects:write',
    rateClass: 'write-light',
    ...(body === undefined ? {} : { body }),
    replies: { 200: { description: 'Made.', schema: Type.Object({}) } },
    errors: [],
    handle: () => Promise.resolve({ status: 200 as const, body: {} }),
  });

/** Makes the check of a path and a body; the query is empty unless it is given. */
const validationOf = (endpoint: Parameters<typeof make>[0]) => {
  const validate = make(endpoint);
  return (path: Record<string, string>, body: unknown, query = '') =>
    validate({ path, query: new URLSearchParams(query), body });
};

function refusalOf(check: () => unknown): { message: string; issues: ValidationIssue[] } {
  try {
    check();
  } catch (error) {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.code, error.status], ['VALIDATION', 422]);
    return { message: error.message, issues: error.details?.['issues'] as ValidationIssue[] };
  }
  return assert.fail('it was not refused');
}

describe('the check of a request', () => {
  const uuid = '0189d3c2-1111-7222-8333-444455556666';

  it('reads ids of the path into UUIDs, whatever their spelling', () => {
    const validate = validationOf(endpointWith('/v1/projects/:projectId/jobs/:jobId'));
    const path = { projectId: formatId('project', uuid).toLowerCase(), jobId: uuid.toUpperCase() };
    assert.deepEqual(validate(path, undefined), {
      params: { projectId: uuid, jobId: uuid },
      query: {},
      body: undefined,
    });
  });

  it('gives the body as it was sent: nothing is dropped, filled in or turned into another type', () => {
    const validate = validationOf(
      endpointWith('/v1/things', Type.Object({ a: Type.Optional(Type.String({ default: 'x' })), b: Type.Unknown() })),
    );
    const body = { b: [{ c: 1 }], extra: '7' };
    assert.deepEqual(validate({}, body).body, { b: [{ c: 1 }], extra: '7' });
    refusalOf(() => validate({}, { a: 7, b: 1 }));
  });

  it('tells every broken rule, where it is, and the first in its message', () => {
    const validate = validationOf(
      endpointWith('/v1/jobs/:jobId', Type.Object({ list: Type.Array(Type.Integer({ minimum: 1 })) }, strict)),
    );
    const { message, issues } = refusalOf(() => validate({ jobId: 'x' }, { list: [1, 'a', 0], more: 1 }));
    assert.deepEqual(issues.map(({ path, keyword }) => `${path} ${keyword}`).sort(), [
      'body.list.1 type',
      'body.list.2 minimum',
      'body.more additionalProperties',
      'path.jobId pattern',
    ]);
    assert.equal(message, `${String(issues[0]?.path)} ${String(issues[0]?.message)}, and 3 more.`);
  });

  it('names fields as the caller wrote them, with slashes, tildes and dots', () => {
    const validate = validationOf(endpointWith('/v1/things', Type.Object({ 'a/b': Type.Object({}, strict) }, strict)));
    const { issues } = refusalOf(() => validate({}, { 'a/b': { 'c~d': 1 }, 'e/f': 1, 'g.h': 1, '': 1 }));
    assert.deepEqual(issues.map(({ path }) => path).sort(), ['body.', 'body.a/b.c~d', 'body.e/f', 'body.g.h']);
  });

  it('tells at most a hundred broken rules', () => {
    const validate = validationOf(endpointWith('/v1/things', Type.Object({}, strict)));
    const body = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field${String(i)}`, 1]));
    assert.equal(refusalOf(() => validate({}, body)).issues.length, 100);
  });

  it('counts characters as code points', () => {
    const validate = validationOf(endpointWith('/v1/things', Type.String({ maxLength: 2, minLength: 2 })));
    validate({}, '🙂🙂');
    refusalOf(() => validate({}, '🙂'));
    refusalOf(() => validate({}, '🙂🙂🙂'));
  });

  it('cannot be made for a path parameter that is no id', () => {
    assert.throws(() => validationOf(endpointWith('/v1/things/:thingId')), TypeError);
  });

  it('takes no request by a schema with a misspelt keyword', () => {
    const validate = validationOf(endpointWith('/v1/things', Type.String({ maxLenght: 7 })));
    assert.throws(() => validate({}, 'short'), /unknown keyword/);
  });
});

describe('the parameters of a path', () => {
  it('are its names after a colon, in their order', () => {
    assert.deepEqual(pathParamsOf('/v1/projects/:projectId/influencers/:influencerId/clone'), [
      'projectId',
      'influencerId',
    ]);
    assert.deepEqual(pathParamsOf('/v1/jobs'), []);
  });
});
