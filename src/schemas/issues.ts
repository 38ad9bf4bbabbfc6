// What is wrong with a request, in words: for the API's answers, and for those who check before they send.

import type { ErrorObject } from 'ajv/dist/2020.js';
import type { ValidationIssue } from '../domain/errors.ts';

/** What patterns and formats demand, in words. */
export interface Meanings {
  pattern: (pattern: string) => string | undefined;
  format: (format: string) => string | undefined;
}

/** Tells one broken rule: where it is, and what would keep it. */
export function issueOf({ instancePath, keyword, params, message }: ErrorObject, meanings: Meanings): ValidationIssue {
  const inside = instancePath.split('/').slice(1).map(unescapePointer);
  const named = params as Record<string, unknown>;
  const path = (last?: unknown) => [...inside, ...(typeof last === 'string' ? [last] : [])].join('.');
  switch (keyword) {
    case 'additionalProperties':
      return { path: path(named['additionalProperty']), keyword, message: 'is not a known field' };
    case 'required':
      return { path: path(named['missingProperty']), keyword, message: 'is required' };
    case 'enum':
      return {
        path: path(),
        keyword,
        message: `must be one of ${(named['allowedValues'] as unknown[]).map(String).join(', ')}`,
      };
    case 'type':
      return {
        path: path(),
        keyword,
        message: `must be ${[named['type']].flat().map(String).map(withArticle).join(' or ')}`,
      };
    case 'pattern':
      return {
        path: path(),
        keyword,
        message: meanings.pattern(String(named['pattern'])) ?? message ?? 'has the wrong form',
      };
    case 'format':
      return { path: path(), keyword, message: meanings.format(String(named['format'])) ?? String(message) };
    default:
      return { path: path(), keyword, message: (message ?? 'is not valid').replace('NOT have', 'not have') };
  }
}

const withArticle = (type: string) => (type === 'null' ? type : `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`);

/** [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901#section-4): `~1` stands for a slash, `~0` for a tilde. */
const unescapePointer = (token: string) => token.replaceAll('~1', '/').replaceAll('~0', '~');
