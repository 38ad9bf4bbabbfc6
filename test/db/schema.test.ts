import assert from 'node:assert/strict';
import { v7 as newId } from 'uuid';
import { sqlStateOf } from '../../src/db/database.ts';
import { paidImageOutcomes } from '../../src/db/paid-images.ts';
import { environments, imageRoles, influencerStatuses } from '../../src/domain/influencer.ts';
import { jobEventTypes, jobKinds, jobStages, jobStatuses } from '../../src/domain/job.ts';
import { tiers } from '../../src/domain/scopes.ts';
import { projectStatuses } from '../../src/domain/project.ts';
import { shots, shotStatuses } from '../../src/domain/shots.ts';
import {
  attemptErrors,
  deliveryFailures,
  deliveryStatuses,
  deliveryTypes,
  webhookEndpointStatuses,
  webhookEvents,
  webhookStatusReasons,
} from '../../src/domain/webhook.ts';
import { insertAsset } from '../support/builders.ts';
import { acceptJob, createHome, type TestJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { formatId } from '../../src/domain/ids.ts';

const uniqueViolation = '23505';
const foreignKeyViolation = '23503';
const checkViolation = '23514';

describe('the schema', () => {
  let testDatabase: TestDatabase;
  let job: TestJob;
  const query = (sql: string, bindings: Record<string, unknown> = {}) =>
    testDatabase.database.raw<{ rows: Record<string, unknown>[] }>(sql, bindings as Record<string, string>);

  before(async () => {
    testDatabase = await createTestDatabase();
  });
  after(() => testDatabase.drop());
  beforeEach(async () => {
    job = await acceptJob(testDatabase.database);
  });

  /** Asserts that Postgres refuses a statement with this SQLSTATE, by the constraint that speaks of these words. */
  const refuses = async (sqlState: string, sql: string, bindings: Record<string, unknown> = {}) => {
    await assert.rejects(query(sql, bindings), (error) => {
      assert.equal(sqlStateOf(error), sqlState, String(error));
      return true;
    });
  };

  it('lists the same words as the domain, in every check', async () => {
    const { rows } = await query(
      `select conrelid::regclass::text as table, pg_get_constraintdef(oid) as is
       from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace order by 1, 2`,
    );
    const lists = Object.fromEntries(
      rows.flatMap(({ table, is }) => {
        const [, column] = /^CHECK \(\((\w+) = (?:ANY \(ARRAY\[|')/.exec(String(is)) ?? [];
        const words = [...String(is).matchAll(/'([^']*)'::text/g)].map(([, word]) => word);
        return column === undefined ? [] : [[`${String(table)}.${column}`, words]];
      }),
    );
    assert.deepEqual(lists, {
      'api_keys.environment': [...environments],
      'assets.kind': ['image', 'reference_image'],
      'influencer_images.role': [...imageRoles],
      'influencer_images.shot': [...shots],
      'influencers.status': [...influencerStatuses],
      'job_events.stage': [...jobStages],
      'job_events.status': [...jobStatuses],
      'job_events.type': [...jobEventTypes],
      'job_shots.shot': [...shots],
      'job_shots.status': [...shotStatuses],
      'jobs.kind': [...jobKinds],
      'jobs.stage': [...jobStages],
      'jobs.status': [...jobStatuses],
      'organizations.tier': [...tiers],
      'paid_images.outcome': [...paidImageOutcomes],
      'projects.environment': [...environments],
      'projects.status': [...projectStatuses],
      'uploads.kind': ['image', 'reference_image'],
      'webhook_attempts.error': [...attemptErrors],
      'webhook_deliveries.status': [...deliveryStatuses],
      'webhook_deliveries.status_reason': [...deliveryFailures],
      'webhook_deliveries.type': [...deliveryTypes],
      'webhook_endpoints.environment': [...environments],
      'webhook_endpoints.status': [...webhookEndpointStatuses],
      'webhook_endpoints.status_reason': [...webhookStatusReasons],
    });
  });

  it('refuses a status, a stage, a shot or a kind that is none', async () => {
    const { jobId } = job;
    await refuses(checkViolation, `update influencers set status = 'gone' where job_id = :jobId`, { jobId });
    await refuses(checkViolation, `update jobs set stage = 'sleeping' where id = :jobId`, { jobId });
    await refuses(checkViolation, `update jobs set kind = 'video' where id = :jobId`, { jobId });
    await refuses(checkViolation, `update job_events set type = 'job.lost' where job_id = :jobId`, { jobId });
  });

  it('refuses a job that runs without a stage, or has one after its end', async () => {
    const { jobId } = job;
    await refuses(checkViolation, `update jobs set stage = null where id = :jobId`, { jobId });
    await refuses(checkViolation, `update jobs set status = 'completed', finished_at = now() where id = :jobId`, {
      jobId,
    });
    await refuses(checkViolation, `update jobs set status = 'completed', stage = null where id = :jobId`, { jobId });
    await refuses(checkViolation, `update jobs set finished_at = now() where id = :jobId`, { jobId });
    await refuses(checkViolation, `update jobs set progress = 1.01 where id = :jobId`, { jobId });
  });

  it('refuses a failure without its error, and an error without a failure', async () => {
    const { jobId } = job;
    const failed = `update jobs set status = 'failed', stage = null, finished_at = now()`;
    await refuses(checkViolation, `${failed} where id = :jobId`, { jobId });
    await refuses(checkViolation, `update jobs set error = '{}' where id = :jobId`, { jobId });
    await refuses(checkViolation, `update influencers set status = 'failed' where job_id = :jobId`, { jobId });
    await refuses(checkViolation, `update influencers set error_message = 'x' where job_id = :jobId`, { jobId });
    await refuses(checkViolation, `update influencers set status = 'deleted' where job_id = :jobId`, { jobId });
    await refuses(checkViolation, `update influencers set deleted_at = now() where job_id = :jobId`, { jobId });
  });

  it('refuses a second running job for an influencer, but not after the first has ended', async () => {
    const second = `insert into jobs (organization_id, id, environment, project_id, influencer_id, kind, renderer, shots, input)
                    select organization_id, :newId, environment, project_id, influencer_id, kind, renderer, shots, input
                    from jobs where id = :jobId`;
    const bindings = { jobId: job.jobId, newId: newId() };
    await refuses(uniqueViolation, second, bindings);
    await query(`update jobs set status = 'canceled', stage = null, finished_at = now() where id = :jobId`, bindings);
    await query(second, bindings);
  });

  it('refuses a second event with one number', async () => {
    await refuses(uniqueViolation, `insert into job_events select * from job_events where job_id = :jobId`, {
      jobId: job.jobId,
    });
  });

  it('refuses two rendered images of one shot', async () => {
    const add = `insert into influencer_images (organization_id, influencer_id, asset_id, role, shot, position)
                 values (:organizationId, :influencerId, :assetId, 'rendered', 'portrait', 0)`;
    const image = async () => ({
      organizationId: job.organizationId,
      influencerId: job.influencerId,
      assetId: await insertAsset(testDatabase.database, formatId('project', job.projectId)),
    });
    await query(add, await image());
    await refuses(uniqueViolation, add, await image());
  });

  describe('refuses what reaches into another organization', () => {
    let other: TestJob;
    beforeEach(async () => {
      other = await acceptJob(testDatabase.database);
    });

    it('an influencer’s source, job and project', async () => {
      for (const change of [
        'source_influencer_id = :influencerId',
        'job_id = :jobId',
        'project_id = :projectId',
        'organization_id = :organizationId',
      ]) {
        const { influencerId, jobId, projectId, organizationId } = other;
        await refuses(foreignKeyViolation, `update influencers set ${change} where id = :id`, {
          ...{ influencerId, jobId, projectId, organizationId },
          id: job.influencerId,
        });
      }
    });

    it('a job’s influencer and project', async () => {
      for (const change of ['influencer_id = :influencerId', 'project_id = :projectId']) {
        await refuses(foreignKeyViolation, `update jobs set ${change} where id = :id`, {
          influencerId: other.influencerId,
          projectId: other.projectId,
          id: job.jobId,
        });
      }
    });

    it('an image, a shot and an event', async () => {
      const assetId = await insertAsset(testDatabase.database, formatId('project', other.projectId));
      const { organizationId, influencerId, jobId } = job;
      const bindings = { organizationId, influencerId, jobId, assetId, otherJobId: other.jobId, id: newId() };
      await refuses(
        foreignKeyViolation,
        `insert into influencer_images (organization_id, influencer_id, asset_id, role, position)
         values (:organizationId, :influencerId, :assetId, 'uploaded', 0)`,
        bindings,
      );
      await refuses(
        foreignKeyViolation,
        `insert into job_shots (organization_id, job_id, shot, status, asset_id)
         values (:organizationId, :jobId, 'portrait', 'rendered', :assetId)`,
        bindings,
      );
      await refuses(
        foreignKeyViolation,
        `insert into job_events (organization_id, job_id, seq, id, type, status, stage, progress, attempt)
         values (:organizationId, :otherJobId, 2, :id, 'job.progress', 'running', 'queued', 0, 1)`,
        bindings,
      );
    });
  });

  it('takes the events of webhooks that the domain has, and no other', async () => {
    const insert = `insert into webhook_endpoints (organization_id, id, environment, url, events, secret)
                    values (:organizationId, :id, 'live', 'https://a.example.com', :events, :secret)`;
    const bindings = { organizationId: job.organizationId, secret: Buffer.alloc(32) };
    await query(insert, { ...bindings, id: newId(), events: [...webhookEvents] });
    for (const events of [['job.accepted'], [], [null]]) {
      await refuses(checkViolation, insert, { ...bindings, id: newId(), events });
    }
  });

  it('refuses an influencer, a job or an asset of another environment than its project’s', async () => {
    await refuses(foreignKeyViolation, `update influencers set environment = 'test' where id = :id`, {
      id: job.influencerId,
    });
    await refuses(foreignKeyViolation, `update jobs set environment = 'test' where id = :id`, { id: job.jobId });
    const id = await insertAsset(testDatabase.database, formatId('project', job.projectId));
    await refuses(foreignKeyViolation, `update assets set environment = 'test' where id = :id`, { id });
  });

  it('lets two organizations have one id, and one organization each id once', async () => {
    const home = await createHome(testDatabase.database);
    const copy = (table: string) =>
      query(
        `insert into ${table} (organization_id, id, environment, name) values (:organizationId, :id, 'live', 'x')`,
        {
          organizationId: home.organizationId,
          id: job.projectId,
        },
      );
    await copy('projects');
    await assert.rejects(copy('projects'), (error) => sqlStateOf(error) === uniqueViolation);
  });

  it('begins the key of every table of a tenant with its organization', async () => {
    const { rows } = await query(
      `select i.indrelid::regclass::text as table, a.attname as first
       from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
       where i.indisprimary and i.indrelid::regclass::text = any(:tables)
       order by 1`,
      {
        tables: [
          'api_keys',
          'assets',
          'influencer_images',
          'influencers',
          'job_events',
          'job_shots',
          'jobs',
          'projects',
          'webhook_attempts',
          'webhook_deliveries',
          'webhook_endpoints',
        ],
      },
    );
    assert.equal(rows.length, 11);
    for (const { table, first } of rows) assert.equal(first, 'organization_id', String(table));
  });
});
