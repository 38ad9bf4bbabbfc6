import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { createCrowd, growCrowd, type Crowd } from '../../scripts/crowd.ts';
import { acceptJobs } from '../../src/db/accept.ts';
import { findApiKey } from '../../src/db/api-keys.ts';
import { query } from '../../src/db/database.ts';
import { claimUndispatched } from '../../src/db/dispatch.ts';
import { findInfluencer } from '../../src/db/influencers.ts';
import { findJobVersions } from '../../src/db/job-events.ts';
import { findJob, listJobs } from '../../src/db/jobs.ts';
import { takeFromWindow } from '../../src/db/rate-windows.ts';
import { runningJobsLimits } from '../../src/domain/scopes.ts';
import { shots } from '../../src/domain/shots.ts';
import { createTestKey } from '../support/api.ts';
import { acceptJob, askingAs, createHome, type TestJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/**
 * Runs the one statement of a function again, beside those by which it takes its turn: planned for what was asked, and as prepared ones
 * are that were asked often, once for whatever is asked. Gives the worse of how Postgres went about it, with the rows that it read in
 * vain; it had all pages in memory.
 */
async function planOf(
  database: Knex,
  ask: (database: Knex) => Promise<unknown>,
): Promise<{ buffers: number; scanned: string[]; passedOver: number }> {
  const asked: { sql: string; bindings: Knex.Value[] }[] = [];
  const listen = (statement: { sql: string; bindings: Knex.Value[] }) => asked.push(statement);
  database.on('query', listen);
  await ask(database);
  database.removeListener('query', listen);
  const [statement, ...others] = asked.filter(({ sql }) => !/^(begin|commit)|pg_try_advisory_xact_lock/i.test(sql));
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
  const nodes = plans.flatMap(nodesOf);
  const scans = nodes.filter((node) => node['Node Type'] === 'Seq Scan');
  return {
    buffers: Math.max(...plans.map((plan) => plan['Shared Hit Blocks'] + plan['Shared Read Blocks'])),
    passedOver: Math.max(...nodes.map((node) => (node['Rows Removed by Filter'] ?? 0) * node['Actual Loops'])),
    scanned: scans.map((node) => node['Relation Name'] ?? ''),
  };
}

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

  const own = () => ({ organizationId: crowd.organizationId, environment: 'live' as const });

  it('a key is found in at most six buffers', async () => {
    const { buffers } = await planOf(database, (trx) => findApiKey(trx, lookup));
    assert.ok(buffers <= 6, String(buffers));
  });

  it('how far a job is, in at most six', async () => {
    const { buffers, scanned } = await planOf(database, (trx) => findJobVersions(trx, [{ ...own(), id: jobId }]));
    assert.ok(buffers <= 6, String(buffers));
    assert.deepEqual(scanned, []);
  });

  it('a block of calls is taken in at most six', async () => {
    const { buffers } = await planOf(database, (trx) => takeFromWindow(trx, 'key:plans', 6));
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
      const { scanned, buffers } = await planOf(database, ask);
      assert.deepEqual(
        scanned.filter((table) => table !== 'workers'),
        [],
      );
      assert.ok(buffers < 200, String(buffers));
    }
  });
});

describe('statements for an organization with one job, while another one has very many that wait', function () {
  this.timeout(120_000);
  const waiting = 20_000;
  let testDatabase: TestDatabase;
  let database: Knex;
  let source: TestJob;

  before(async () => {
    testDatabase = await createTestDatabase();
    ({ database } = testDatabase);
    const busy = await createHome(database);
    await query(
      database,
      `with person as (
         insert into influencers (organization_id, id, environment, project_id, job_id, name, identity, attributes, seed, status)
         select :organizationId, gen_random_uuid(), 'live', :projectId, uuidv7(), 'Ava', '{}', '{}', '', 'pending'
         from generate_series(1, :waiting::integer)
         returning *
       )
       insert into jobs (organization_id, id, environment, project_id, influencer_id, kind, renderer, shots, input)
       select organization_id, job_id, environment, project_id, id, 'influencer_create', 'illustrated', :shots, '{}' from person`,
      { ...busy, waiting, shots: [...shots] },
    );
    // As Postgres has it that counted when there was one organization.
    await query(database, 'vacuum analyze jobs');
    source = await acceptJob(database);
  });
  after(() => testDatabase.drop());

  it('a clone is accepted without looking at those that wait', async () => {
    const { organizationId, influencerId } = source;
    const clone = {
      ...(await askingAs(database, organizationId)),
      ...{ organizationId, environment: 'live' as const, influencerId: newId(), jobId: newId(), eventId: newId() },
      ...{ name: 'Ava', renderer: 'illustrated' as const, shots, queuedLimit: 1_000, runningLimit: 1_000 },
      ...{ sourceId: influencerId, changes: { fields: {}, personality: {} } },
    };
    const { passedOver } = await planOf(database, (trx) => acceptJobs(trx, [clone]));
    assert.ok(passedOver < 100, String(passedOver));
  });

  it('its job is claimed without looking at all of them', async () => {
    const { passedOver } = await planOf(database, (trx) => claimUndispatched(trx, 10, runningJobsLimits));
    assert.ok(passedOver < 100, String(passedOver));
  });
});
