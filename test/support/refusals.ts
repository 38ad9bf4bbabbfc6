import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { errorCodes, type RequestErrorCode } from '../../src/domain/errors.ts';
import type { Reply } from './api.ts';

export interface Refusal {
  status: number;
  code: RequestErrorCode;
  message: string;
  details?: unknown;
}

/** Asserts that a reply is this refusal, and says nothing else. */
export function assertRefused(reply: Reply, { status, ...error }: Refusal): void {
  assert.deepEqual(reply.body, { error: { ...error, requestId: reply.headers.get('x-request-id') } });
  assert.equal(reply.status, status);
  assert.equal(reply.headers.get('location'), null);
}

/**
 * Asserts that a reply is a refusal, in the form of all: with a code that goes with its status, and where a rule is broken, which and
 * where. It may repeat what the caller wrote, but tells nothing of what the service is made of.
 */
export function assertErrorOf(reply: Reply): void {
  const { code, message, details } = reply.body.error as { code: RequestErrorCode; message: string; details?: Details };
  const told = `${String(reply.status)} ${JSON.stringify(reply.body)}`;
  assert.ok(reply.status >= 400 && reply.status < 500, told);
  assert.ok(reply.status === errorCodes[code].status || (code === 'VALIDATION' && reply.status === 400), told);
  assert.notEqual(message, '', told);
  assert.doesNotMatch(
    JSON.stringify([message, details]),
    /\\n +at |node_modules|node:internal|\bpg_|violates|postgres|knex/,
  );
  if (code !== 'VALIDATION') return;
  assert.ok(details?.issues !== undefined && details.issues.length > 0, told);
  for (const issue of details.issues) {
    assert.match(issue.path, /^(body|path|query|header)(\.|$)/, told);
    assert.ok(issue.message !== '' && issue.keyword !== '', told);
  }
}

interface Details {
  issues?: { path: string; message: string; keyword: string }[];
}

/** Where the broken rules of a request are and which they are, sorted, without the words. */
export const brokenRulesOf = (reply: Reply): [path: string, keyword: string][] =>
  (reply.body.error.details.issues as { path: string; keyword: string }[])
    .map(({ path, keyword }): [string, string] => [path, keyword])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** How many rows requests can add to, table by table. */
export async function storedRows(database: Knex): Promise<Record<string, number>> {
  const tables = [
    'influencers',
    'jobs',
    'job_events',
    'influencer_images',
    'assets',
    'job_shots',
    'projects',
    'api_keys',
    'webhook_endpoints',
    'webhook_deliveries',
  ];
  const counts = tables.map(async (table) => {
    const rows = await database(table).count<{ count: string }[]>();
    return [table, Number(rows[0]?.count)];
  });
  return Object.fromEntries(await Promise.all(counts));
}

/** Does what is to be refused, and asserts that no row came of it. */
export async function withoutTrace<Result>(database: Knex, attempt: () => Promise<Result>): Promise<Result> {
  const before = await storedRows(database);
  const result = await attempt();
  assert.deepEqual(await storedRows(database), before);
  return result;
}
