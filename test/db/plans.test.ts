import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { createCrowd, growCrowd, type Crowd } from '../../scripts/crowd.ts';
import { findApiKey } from '../../src/db/api-keys.ts';
import { query } from '../../src/db/database.ts';
import { findInfluencer } from '../../src/db/influencers.ts';
import { findJobVersions } from '../../src/db/job-events.ts';
import { findJob, listJobs } from '../../src/db/jobs.ts';
import { takeFromWindow } from '../../src/db/rate-windows.ts';
import { createTestKey } from '../support/api.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

describe('statements on the way of each request, with many rows', function () {
  this.timeout(120_000);
  const count = 20_000;
  let testDatabase: TestDatabase;
  let database: Knex;
  let crowd: Crowd;
  let jobId: string;
  let influencerId: string;
  let lookup: string;

  before(async () => {
    testDatabase = await createTestDatabase();
    ({ database } = testDatabase);
    crowd = await createCrowd(database);
    await growCrowd(database, crowd, { count, failedEvery: 100 });
    const [job] = await query<{ id: string; influencerId: string }>(
      database,
      `select id, influencer_id as "influencerId" from jobs where status = 'completed' order by started_at offset 1000 limit 1`,
    );
    [jobId, influencerId] = [job?.id ?? '', job?.influencerId ?? ''];
    const key = await createTestKey(database, crowd.organizationId, { scopes: ['*'] });
    lookup = key.split('_')[2] ?? '';
  });
  after(() => testDatabase.drop());

  /**
   * Runs the one statement of a function again, planned for what was asked and as prepared ones are that were asked often: planned
   * once, for whatever is asked. Gives the worse of how Postgres went about it; it had all pages in memory.
   */
  async function planOf(ask: (database: Knex) => Promise<unknown>): Promise<{ buffers: number; scanned: string[] }> {
    const asked: { sql: string; bindings: Knex.Value[] }[] = [];
    const listen = (statement: { sql: string; bindings: Knex.Value[] }) => asked.push(statement);
    database.on('query', listen);
    await ask(database);
    database.removeListener('query', listen);
    const [statement, ...others] = asked;
    assert.ok(statement !== undefined && others.length === 0, 'it is one statement');
    const { sql, bindings } = statement;
    const values = database.raw(bindings.map(() => '?').join(', '), bindings).toQuery();
    const plans = await database.transaction(async (trx) => {
      await trx.raw(`prepare asked as ${sql}`);
      const found: PlanNode[] = [];
      for (const mode of ['force_custom_plan', 'force_generic_plan']) {
        await trx.raw(`set local plan_cache_mode = ${mode}`);
        const explain = `explain (analyze, buffers, format json) execute asked (${values})`;
        const { rows } = await trx.raw<{ rows: [{ 'QUERY PLAN': [{ Plan: PlanNode }] }] }>(explain);
        found.push(rows[0]['QUERY PLAN'][0].Plan);
      }
      await trx.raw('deallocate asked');
      return found;
    });
    const scans = plans.flatMap(nodesOf).filter((node) => node['Node Type'] === 'Seq Scan');
    return {
      buffers: Math.max(...plans.map((plan) => plan['Shared Hit Blocks'] + plan['Shared Read Blocks'])),
      scanned: scans.map((node) => node['Relation Name'] ?? ''),
    };
  }

  const own = () => ({ organizationId: crowd.organizationId, environment: 'live' as const });

  it('a key is found in at most six buffers', async () => {
    const { buffers } = await planOf((trx) => findApiKey(trx, lookup));
    assert.ok(buffers <= 6, String(buffers));
  });

  it('how far a job is, in at most six', async () => {
    const { buffers, scanned } = await planOf((trx) => findJobVersions(trx, [{ ...own(), id: jobId }]));
    assert.ok(buffers <= 6, String(buffers));
    assert.deepEqual(scanned, []);
  });

  it('a block of calls is taken in at most six', async () => {
    const { buffers } = await planOf((trx) => takeFromWindow(trx, 'key:plans', 6));
    assert.ok(buffers <= 6, String(buffers));
  });

  it('a job and an influencer are read, and jobs are listed, by indexes alone', async () => {
    for (const ask of [
      (trx: Knex) => findJob(trx, { ...own(), id: jobId }),
      (trx: Knex) => findInfluencer(trx, { ...own(), id: influencerId }),
      (trx: Knex) =>
        listJobs(trx, own(), { after: null, limit: 25, statuses: ['running', 'completed', 'failed', 'canceled'] }),
      (trx: Knex) =>
        listJobs(trx, own(), {
          after: { at: new Date(Date.now() - 3_600_000), id: newId() },
          limit: 25,
          statuses: ['running', 'completed', 'failed', 'canceled'],
        }),
    ]) {
      const { scanned, buffers } = await planOf(ask);
      assert.deepEqual(
        scanned.filter((table) => table !== 'workers'),
        [],
      );
      assert.ok(buffers < 200, String(buffers));
    }
  });
});
