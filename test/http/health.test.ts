import assert from 'node:assert/strict';
import type { Health } from '../../src/http/health.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { serveApp } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

describe('health', () => {
  let testDatabase: TestDatabase;
  let server: HttpServer;
  const state = { isReady: true, isDraining: false };
  const health: Health = {
    isDraining: () => state.isDraining,
    check: () => Promise.resolve({ isReady: state.isReady, parts: { postgres: state.isReady ? 'up' : 'down' } }),
  };
  const ask = async (path: string) => {
    const response = await fetch(`${server.url}${path}`);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    return { status: response.status, body: await response.json(), connection: response.headers.get('connection') };
  };

  before(async () => {
    testDatabase = await createTestDatabase();
    server = await serveApp({ database: testDatabase.database, health });
  });
  after(async () => {
    await server.close();
    await testDatabase.drop();
  });
  beforeEach(() => {
    state.isReady = true;
    state.isDraining = false;
  });

  it('is ready with what the process needs', async () => {
    const { status, body } = await ask('/readyz');
    assert.deepEqual([status, body], [200, { status: 'ready', postgres: 'up' }]);
  });

  it('is not ready without, and tells what is missing; the process lives all the same', async () => {
    state.isReady = false;
    const { status, body } = await ask('/readyz');
    assert.deepEqual([status, body], [503, { status: 'unavailable', postgres: 'down' }]);
    assert.equal((await ask('/healthz')).status, 200);
  });

  it('is not ready while it drains, and sends callers elsewhere', async () => {
    state.isDraining = true;
    const { status, body, connection } = await ask('/readyz');
    assert.deepEqual([status, body, connection], [503, { status: 'draining', postgres: 'up' }, 'close']);
  });

  describe('of the API', () => {
    let api: TestApi;
    before(async () => {
      api = await startTestApi();
    });
    after(() => api.close());

    it('is ready while Temporal is away, and tells so: accepting goes on', async () => {
      const response = await fetch(`${api.url}/readyz`);
      assert.deepEqual(
        [response.status, await response.json()],
        [200, { status: 'ready', postgres: 'up', temporal: 'down' }],
      );
    });
  });
});
