import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import type { RequestErrorCode } from '../../src/domain/errors.ts';
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
