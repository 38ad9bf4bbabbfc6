// JSON that is the caller's own: kept, and never looked into, so that only its size is limited. JSON Schema has no words for
// that, so a keyword of ours does: `x-limits`.

import type { DataValidateFunction, FuncKeywordDefinition } from 'ajv/dist/types/index.js';
import Type from 'typebox';

interface JsonLimits {
  /** Of JSON in UTF-8 without white space. */
  bytes: number;
  /** Of objects and lists in one another, the outermost counted. */
  depth: number;
}

interface Fault {
  keyword: string;
  message: string;
}

/** An object whose fields are the caller's. */
export const freeJson = (limits: JsonLimits, description: string, example: Record<string, unknown>) =>
  Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    'x-limits': limits,
    description,
    examples: [example],
  });

/** What is wrong with a caller's JSON; null when nothing is. */
function freeJsonFault(value: unknown, limits: JsonLimits): Fault | null {
  const { bytes, depth } = limits;
  const fault = faultWithin(value, limits);
  // Before it is written, too: what is nested without end would overflow the stack.
  if (fault === 'depth')
    return { keyword: 'maxDepth', message: `must not be nested deeper than ${String(depth)} levels` };
  if (fault === 'bytes' || (fault === null && Buffer.byteLength(JSON.stringify(value)) > bytes)) {
    return { keyword: 'maxBytes', message: `must be at most ${String(bytes)} bytes of JSON` };
  }
  return fault;
}

function faultWithin(value: unknown, { bytes, depth }: JsonLimits): Fault | 'depth' | 'bytes' | null {
  if (typeof value === 'string') {
    return /[\0\p{Surrogate}]/u.test(value)
      ? { keyword: 'pattern', message: 'must not contain U+0000 or an unpaired surrogate' }
      : null;
  }
  if (typeof value === 'number') {
    // 1e999 is JSON, but no number here: it would be kept as null.
    return Number.isFinite(value) ? null : { keyword: 'maximum', message: 'must not contain a number beyond 1.8e308' };
  }
  if (typeof value !== 'object' || value === null) return null;
  if (depth === 0) return 'depth';
  // Each has one byte at least: a hundred thousand of them need not be looked at.
  if (sizeOf(value) > bytes) return 'bytes';
  const parts: unknown[] = Array.isArray(value) ? value : Object.entries(value).flat();
  for (const part of parts) {
    const fault = faultWithin(part, { bytes, depth: depth - 1 });
    if (fault !== null) return fault;
  }
  return null;
}

const sizeOf = (value: object) => (Array.isArray(value) ? value : Object.keys(value)).length;

/** Makes AJV check `x-limits`; its issues have the keyword of the rule that is broken. */
export const freeJsonKeyword: FuncKeywordDefinition = {
  keyword: 'x-limits',
  type: 'object',
  compile(limits: JsonLimits) {
    const validate: DataValidateFunction = (value: unknown) => {
      const fault = freeJsonFault(value, limits);
      validate.errors = fault === null ? [] : [{ ...fault, params: {} }];
      return fault === null;
    };
    return validate;
  },
};
