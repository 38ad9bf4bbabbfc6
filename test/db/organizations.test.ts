import assert from 'node:assert/strict';
import { orderPaidImage } from '../../src/db/paid-images.ts';
import { eraseOrganization } from '../../src/db/organizations.ts';
import { formatId } from '../../src/domain/ids.ts';
import { addImage } from '../support/builders.ts';
import { acceptJob, type TestJob } from '../support/jobs.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { insertDelivery, insertEndpoint } from '../support/webhooks.ts';

describe('erasing an organization', () => {
  let testDatabase: TestDatabase;
  before(async () => {
    testDatabase = await createTestDatabase();
  });
  after(() => testDatabase.drop());

  /** The tables that say whose their rows are, with how many are this organization's. */
  const rowsOf = async (organizationId: string): Promise<Record<string, number>> => {
    const { database } = testDatabase;
    const { rows: tables } = await database.raw<{ rows: { name: string }[] }>(
      `select table_name as name from information_schema.columns
       where column_name = 'organization_id' and table_schema = 'public' order by 1`,
    );
    const counts = tables.map(async ({ name }): Promise<[string, number]> => {
      const rows = await database(name).where({ organization_id: organizationId });
      return [name, rows.length];
    });
    return Object.fromEntries(await Promise.all(counts));
  };

  /** An organization with something in every table. */
  const makeFull = async (): Promise<TestJob> => {
    const { database } = testDatabase;
    const source = await acceptJob(database);
    const home = { organizationId: source.organizationId, projectId: source.projectId };
    const clone = await acceptJob(database, { home, sourceId: source.influencerId });
    const assetId = await addImage(database, formatId('influencer', clone.influencerId));
    const { organizationId } = home;
    await database.raw(
      `insert into job_shots (organization_id, job_id, shot, status, asset_id)
       values (:organizationId, :jobId, 'portrait', 'rendered', :assetId)`,
      { organizationId, jobId: clone.jobId, assetId },
    );
    await orderPaidImage(
      database,
      { ...{ organizationId, id: assetId, jobId: clone.jobId, attempt: 1 }, shot: 'portrait' },
      { perJob: 1, perDay: 1 },
    );
    await database.raw(
      `insert into uploads (organization_id, id, environment, project_id, kind, mime_type, storage_key, asset_id, expires_at)
       values (:organizationId, :id, 'live', :projectId, 'image', 'image/png', :id::text, :assetId, now())`,
      { organizationId, id: assetId, projectId: home.projectId, assetId },
    );
    await database.raw(
      `insert into idempotency_keys (organization_id, key, fingerprint) values (:organizationId, 'k', :fingerprint)`,
      { organizationId, fingerprint: Buffer.alloc(32) },
    );
    const { deliveryId } = await insertDelivery(database, await insertEndpoint(database, home));
    await database('webhook_attempts').insert({
      ...{ organization_id: organizationId, delivery_id: deliveryId, run: 1, attempt: 1 },
      ...{ at: new Date(), duration_ms: 1, status_code: 200 },
    });
    await database.raw(
      `insert into rate_windows (subject, minute, used)
       select 'key:' || id || ':read-light', now(), 1 from api_keys where organization_id = :organizationId`,
      { organizationId },
    );
    return clone;
  };

  it('leaves no row of it in any table, and every row of another one', async () => {
    const { database } = testDatabase;
    const [{ organizationId }, other] = [await makeFull(), await makeFull()];
    const [before, others] = [await rowsOf(organizationId), await rowsOf(other.organizationId)];
    for (const [table, count] of Object.entries(before)) assert.ok(count > 0, `this test makes nothing in ${table}`);

    const erased = await eraseOrganization(database, organizationId);
    const { organizations, ...rows } = erased;
    assert.equal(organizations, 1);
    assert.deepEqual(rows, before);
    assert.deepEqual(new Set(Object.values(await rowsOf(organizationId))), new Set([0]));
    assert.equal((await database('organizations').where({ id: organizationId })).length, 0);
    assert.deepEqual(await rowsOf(other.organizationId), others);
    assert.equal((await database('rate_windows')).length, 1);
  });

  it('may be repeated, and erases nothing then', async () => {
    const { organizationId } = await makeFull();
    await eraseOrganization(testDatabase.database, organizationId);
    const erased = await eraseOrganization(testDatabase.database, organizationId);
    assert.deepEqual(new Set(Object.values(erased)), new Set([0]));
  });
});
