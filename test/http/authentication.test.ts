import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { scopes } from '../../src/domain/scopes.ts';
import { authorize } from '../../src/http/authentication.ts';
import { ApiError } from '../../src/domain/errors.ts';
import { createTenant, createTestKey, type Tenant } from '../support/api.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

describe('an API key', () => {
  let testDatabase: TestDatabase;
  let tenant: Tenant;
  before(async () => {
    testDatabase = await createTestDatabase();
    tenant = await createTenant(testDatabase.database);
  });
  after(() => testDatabase.drop());

  it('tells its environment, what it is looked up by, and a secret of 256 bits', async () => {
    for (const environment of ['live', 'test'] as const) {
      const key = await createTestKey(testDatabase.database, tenant.organizationId, { environment });
      assert.match(key, new RegExp(`^lp_${environment}_[a-z2-7]{16}_[A-Za-z0-9_-]{43}$`));
    }
  });

  it('is another one each time', async () => {
    const keys = await Promise.all(
      Array.from({ length: 20 }, () => createTestKey(testDatabase.database, tenant.organizationId)),
    );
    assert.equal(new Set(keys.map((key) => key.split('_')[2])).size, 20);
    assert.equal(new Set(keys.map((key) => key.slice(-43))).size, 20);
  });

  it('is stored as a hash alone: whoever reads the table cannot call', async () => {
    const key = await createTestKey(testDatabase.database, tenant.organizationId);
    const secret = key.slice(-43);
    const row = await testDatabase
      .database('api_keys')
      .where({ lookup: key.split('_')[2] })
      .first();
    assert.deepEqual(row.secret_sha256, createHash('sha256').update(secret).digest());
    for (const value of Object.values(row)) assert.ok(!String(value).includes(secret));
  });

  it('allows what its scopes allow, and the refusal names the scope', () => {
    const nobody = { organizationId: '', organizationName: '', apiKeyId: '', lookup: '' };
    const principal = { ...nobody, environment: 'live', tier: 'standard' } as const;
    for (const scope of scopes) {
      authorize({ ...principal, scopes: [scope] }, scope);
      assert.throws(
        () => {
          authorize({ ...principal, scopes: [] }, scope);
        },
        (error: unknown) =>
          error instanceof ApiError && error.code === 'FORBIDDEN_SCOPE' && error.details?.['required'] === scope,
      );
    }
  });
});
