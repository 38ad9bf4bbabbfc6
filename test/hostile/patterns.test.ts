// No text makes a pattern that callers meet work for longer than it takes to read it: each is given what it matches, with a part
// of it repeated to the length of the longest body and an end that it does not match.

import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { idempotencyKeyPattern } from '../../src/http/idempotency.ts';
import { networkOf } from '../../src/http/network.ts';
import { etagsIn } from '../../src/http/representation.ts';
import { waitIn } from '../../src/http/waiting.ts';
import { parseSimulation } from '../../src/domain/simulation.ts';
import { textFormats } from '../../src/schemas/formats.ts';
import { ownerOf } from '../../src/storage/storage.ts';
import { retryAfterMs } from '../../src/webhooks/retry-after.ts';
import { webhookUrlFault } from '../../src/webhooks/webhook-url.ts';
import { webhookLimits } from '../../src/domain/webhook.ts';
import { document } from '../support/openapi.ts';

const seed = Number(process.env['SEED'] ?? 1);
const bodyLength = 1024 * 1024;
/** Several times what a header can have. */
const headerLength = 256 * 1024;
/** What is done in milliseconds in proportion to the length takes far longer in proportion to its square. */
const patienceMs = 5_000;

/** Does it, and throws when it is not done in time; a regular expression is stopped at its work, too. */
const inTime = (what: string, work: () => unknown): void => {
  try {
    runInNewContext('work()', { work }, { timeout: patienceMs });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') return; // it was refused, and in time
    assert.fail(`${what} takes longer than ${String(patienceMs)} ms`);
  }
};

/** Texts that a pattern matches but for their end, with one part of them over and over. */
const almostMatching = (pattern: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.stringMatching(new RegExp(pattern, 'u')), fc.nat(40), fc.nat(6), fc.constantFrom('\0', '!', '\n'))
    .map(([text, from, count, end]) => {
      const start = from % (text.length + 1);
      const part = text.slice(start, start + count + 1) || 'a';
      return `${text.slice(0, start)}${part.repeat(Math.floor(bodyLength / part.length))}${end}`;
    });

function patternsIn(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return [];
  const { pattern } = part as { pattern?: unknown };
  return [...(typeof pattern === 'string' ? [pattern] : []), ...Object.values(part).flatMap(patternsIn)];
}

describe('a pattern of the OpenAPI document', () => {
  const patterns = [...new Set([...patternsIn(document), idempotencyKeyPattern])];

  it('is found wherever it stands', () => {
    assert.ok(patterns.length > 10);
  });

  for (const pattern of patterns) {
    it(`is tried once along a text: ${pattern.slice(0, 60)}`, () => {
      const compiled = new RegExp(pattern, 'u'); // as AJV compiles it
      fc.assert(
        fc.property(almostMatching(pattern), (text) => {
          inTime(pattern, () => compiled.test(text));
        }),
        { seed, numRuns: 20 },
      );
    });
  }
});

describe('what is read with patterns in code', () => {
  const urlFault = (url: string) => webhookUrlFault(url, { allowsLocalhost: false });
  const readers: Record<string, { read: (text: string) => unknown; longest: number }> = {
    Prefer: { read: waitIn, longest: headerLength },
    'If-Match': { read: etagsIn, longest: headerLength },
    'X-Doppel-Simulate': { read: parseSimulation, longest: headerLength },
    'X-Forwarded-For': { read: networkOf, longest: headerLength },
    'the Retry-After of a receiver': { read: (text) => retryAfterMs(text, 0), longest: headerLength },
    'the URL of a webhook': { read: urlFault, longest: webhookLimits.url },
    'the key of an object': { read: ownerOf, longest: headerLength },
    ...Object.fromEntries(
      Object.entries(textFormats).map(([name, { check }]) => [`a ${name}`, { read: check, longest: headerLength }]),
    ),
  };
  const pieces = [
    '"',
    '\\',
    '"\\',
    '\\"',
    ',',
    ';',
    '=',
    ' ',
    ', ',
    '%',
    '%\n',
    '.',
    ':',
    '::',
    '/',
    '@',
    '-',
    'a',
    'a-',
    '0',
    'wait=',
    'W/',
  ];
  const starts = ['', 'https://', 'wait="', '::ffff:', 'reject', 'fail_shot=1', 'en', 'Mon, 01 Jan 2026 00:00:00 '];

  for (const [what, { read, longest }] of Object.entries(readers)) {
    it(`is read once: ${what}`, () => {
      for (const start of starts) {
        for (const piece of pieces) {
          const text = `${start}${piece.repeat(Math.floor(longest / piece.length))}\0`;
          inTime(`${what}: ${start}${piece}…`, () => read(text));
        }
      }
    });
  }
});
