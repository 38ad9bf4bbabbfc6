import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { TSchema } from 'typebox';
import { ApiError, type ValidationIssue } from '../domain/errors.ts';
import { idPrefixes, parseId, type IdKind } from '../domain/ids.ts';
import { idInput, patternMeanings } from '../schemas/text.ts';
import type { Endpoint } from './define-endpoint.ts';

const maxIssues = 100;

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

export interface ValidRequest {
  params: Record<string, string>;
  body: unknown;
}

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
ajv.addFormat('date-time', true);
ajv.addFormat('uri', true);

/**
 * Compiles an endpoint's schemas into one check of a whole request. The check gives the request with its path's ids as UUIDs,
 * or throws `VALIDATION` with every broken rule.
 */
export function compileValidation(
  endpoint: Endpoint<never>,
): (path: Record<string, string>, body: unknown) => ValidRequest {
  const params = pathParamsOf(endpoint.path);
  const validate = ajv.compile({
    type: 'object',
    properties: {
      path: {
        type: 'object',
        properties: Object.fromEntries(params.map((param) => [param, pathParamSchema(param)])),
        required: params,
      },
      ...(endpoint.body === undefined ? {} : { body: endpoint.body }),
    },
  });
  return (path, body) => {
    if (!validate({ path, ...(endpoint.body === undefined ? {} : { body }) })) {
      throw invalid((validate.errors ?? []).slice(0, maxIssues).map(issueOf));
    }
    return {
      params: Object.fromEntries(params.map((param) => [param, parseId(kindOf(param), path[param] ?? '')])),
      body,
    };
  };
}

/** A `VALIDATION` error with these issues; 400 for a body that is no JSON at all. */
export const invalid = (issues: ValidationIssue[], status = 422): ApiError =>
  new ApiError('VALIDATION', summaryOf(issues), { status, details: { issues } });

function summaryOf([first, ...others]: ValidationIssue[]): string {
  if (first === undefined) return 'The request is not valid.';
  return `${first.path} ${first.message}${others.length === 0 ? '.' : `, and ${String(others.length)} more.`}`;
}

function issueOf({ instancePath, keyword, params, message }: ErrorObject): ValidationIssue {
  const inside = instancePath.split('/').slice(1).map(unescapePointer);
  const named = params as Record<string, unknown>;
  const path = (last?: unknown) => [...inside, ...(typeof last === 'string' ? [last] : [])].join('.');
  switch (keyword) {
    case 'additionalProperties':
      return { path: path(named['additionalProperty']), keyword, message: 'is not a known field' };
    case 'required':
      return { path: path(named['missingProperty']), keyword, message: 'is required' };
    case 'enum':
      return { path: path(), keyword, message: `must be one of ${(named['allowedValues'] as unknown[]).join(', ')}` };
    case 'type':
      return { path: path(), keyword, message: `must be ${withArticle(String(named['type']))}` };
    case 'pattern':
      return {
        path: path(),
        keyword,
        message: patternMeanings.get(String(named['pattern'])) ?? message ?? 'has the wrong form',
      };
    default:
      return { path: path(), keyword, message: (message ?? 'is not valid').replace('NOT have', 'not have') };
  }
}

const withArticle = (noun: string) => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;

/** [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901#section-4): `~1` stands for a slash, `~0` for a tilde. */
const unescapePointer = (token: string) => token.replaceAll('~1', '/').replaceAll('~0', '~');
