// Checks what is typed by the rules that the API has, before it is sent; and finds what the API itself refused.

import type { ValidateFunction } from 'ajv';
import { patternMeanings } from 'virtual:request-schemas';
import { DoppelError } from '../../src/client/index.ts';
import { issueOf, type Meanings } from '../../src/schemas/issues.ts';

/** What is wrong, by the path of the field: `overrides.vibe`. */
export type Issues = Readonly<Record<string, string>>;

const meanings: Meanings = { pattern: (pattern: string) => patternMeanings[pattern], format: () => undefined };

export function issuesIn(check: ValidateFunction, body: unknown): Issues {
  if (check(body)) return {};
  return byPath((check.errors ?? []).map((error) => issueOf(error, meanings)));
}

/** The fields that the API refused; none where it refused something else. */
export function refusedIn(error: unknown): Issues {
  if (!(error instanceof DoppelError)) return {};
  return byPath((error.details.issues ?? []).map((issue) => ({ ...issue, path: issue.path.replace(/^body\./, '') })));
}

const byPath = (issues: { path: string; message: string }[]): Issues =>
  Object.fromEntries(issues.map(({ path, message }): [string, string] => [path, message]).reverse());

/** What is wrong with a field, or with a part of it. */
export function issueAt(issues: Issues, path: string): string | undefined {
  const found = Object.keys(issues).find((at) => at === path || at.startsWith(`${path}.`));
  return found === undefined ? undefined : issues[found];
}
