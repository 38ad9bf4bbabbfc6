import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import Koa, { type Context } from 'koa';
import type { Knex } from 'knex';
import Type from 'typebox';
import { v7 as newId } from 'uuid';
import type { Principal } from '../../src/db/api-keys.ts';
import { setTier } from '../../src/db/organizations.ts';
import { ApiError } from '../../src/domain/errors.ts';
import { rateLimits, type RateClass, type Tier } from '../../src/domain/scopes.ts';
import { defineEndpoint } from '../../src/http/define-endpoint.ts';
import { rateLimiting, type RateLimits } from '../../src/http/rate-limits.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { serveApp } from '../support/app.ts';
import { call, createTenant, createTestKey, type Reply, type Tenant } from '../support/api.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { assertRefused } from '../support/refusals.ts';

const classes: RateClass[] = ['read-light', 'write-light', 'long-running'];
const methodOf = { 'read-light': 'get', 'write-light': 'patch', 'long-running': 'post' } as const;

const endpoints = classes.map((rateClass) =>
  defineEndpoint<{ database: Knex }>()({
    method: methodOf[rateClass],
    path: '/v1/things',
    operationId: rateClass,
    tag: 'Things',
    summary: 'Do something',
    description: 'For tests.',
    scope: 'projects:write',
    rateClass,
    replies: { 200: { description: 'Done.', schema: Type.Object({}) } },
    errors: [],
    handle: () => Promise.resolve({ status: 200 as const, body: {} }),
  }),
);

describe('rate limits', () => {
  let testDatabase: TestDatabase;
  let database: Knex;
  before(async () => {
    testDatabase = await createTestDatabase();
    ({ database } = testDatabase);
  });
  after(() => testDatabase.drop());

  /** Waits out the end of a minute, in which a test would see two of them; most often there is nothing to wait for. */
  const withinOneMinute = async (seconds = 10) => {
    const left = 60 - ((Date.now() / 1000) % 60);
    if (left < seconds) await new Promise((resolve) => setTimeout(resolve, left * 1000 + 50));
  };

  describe('over HTTP, at two processes', () => {
    let servers: HttpServer[];
    let tenant: Tenant;
    before(async () => {
      servers = [await serveApp({ database, endpoints }), await serveApp({ database, endpoints })];
    });
    after(() => Promise.all(servers.map((server) => server.close())));
    beforeEach(() => withinOneMinute());

    const tenantOf = async (tier: Tier) => {
      const made = await createTenant(database);
      await setTier(database, made.organizationId, tier);
      return made;
    };
    const send = (rateClass: RateClass, at = 0, key = tenant.key): Promise<Reply> =>
      call(`${String(servers[at]?.url)}/v1/things`, { method: methodOf[rateClass].toUpperCase(), key });

    for (const rateClass of classes) {
      it(`let a key of a standard organization make just its ${rateClass} calls a minute, in total`, async () => {
        tenant = await tenantOf('standard');
        const limit = rateLimits.standard?.[rateClass] ?? 0;
        const replies: Reply[] = [];
        for (let sent = 0; sent < limit * 1.5; sent += 6) {
          const batch = Array.from({ length: 6 }, (_, i) => send(rateClass, (sent + i) % 2));
          replies.push(...(await Promise.all(batch)));
        }
        const taken = replies.filter(({ status }) => status === 200).length;
        const firstRefused = replies.findIndex(({ status }) => status === 429);
        assert.equal(taken, limit);
        assert.ok(firstRefused >= 0.9 * limit, `refused after ${String(firstRefused)} of ${String(limit)}`);
        for (const reply of replies.slice(-2)) {
          const message = `This key may make ${String(limit)} ${rateClass} calls a minute.`;
          assertRefused(reply, { status: 429, code: 'RATE_LIMITED', message, details: { limit: rateClass } });
          const after = Number(reply.headers.get('retry-after'));
          assert.ok(after >= 1 && after <= 60, String(after));
          assert.equal(reply.headers.get('ratelimit'), `"${rateClass}";r=0;t=${String(after)}`);
        }
        const others = classes.filter((one) => one !== rateClass);
        assert.deepEqual(await Promise.all(others.map(async (one) => (await send(one)).status)), [200, 200]);
        const otherKey = await createTestKey(database, tenant.organizationId);
        assert.equal((await send(rateClass, 0, otherKey)).status, 200);
      });
    }

    it('are told with every answer to a known caller, refusals too, as the draft says it', async () => {
      tenant = await tenantOf('pilot');
      const mayNot = await createTestKey(database, tenant.organizationId, { scopes: ['jobs:read'] });
      const replies = [
        await send('read-light'),
        await send('read-light'),
        await call(`${String(servers[0]?.url)}/v1/things?x=1`, { key: tenant.key }),
        await send('read-light', 0, mayNot),
      ];
      assert.deepEqual(
        replies.map(({ status }) => status),
        [200, 200, 422, 403],
      );
      for (const [i, { headers }] of replies.entries()) {
        assert.equal(headers.get('x-ratelimit-endpoint-class'), 'read-light');
        assert.equal(headers.get('ratelimit-policy'), '"read-light";q=1200;w=60');
        const left = String(1200 - (i === 3 ? 1 : i + 1));
        assert.match(headers.get('ratelimit') ?? '', new RegExp(`^"read-light";r=${left};t=([1-9]|[1-5][0-9]|60)$`));
      }
    });

    it('do not bind an internal organization', async () => {
      tenant = await tenantOf('internal');
      const replies = await Promise.all(Array.from({ length: 150 }, () => send('long-running')));
      for (const { status, headers } of replies) {
        assert.equal(status, 200);
        assert.equal(headers.get('x-ratelimit-endpoint-class'), 'long-running');
        assert.equal(headers.get('ratelimit'), null);
      }
    });

    it('refuse an address after twenty failed authentications a minute, at every process, and no other address', async () => {
      tenant = await tenantOf('standard');
      const address = '198.51.100.7';
      const guess = (at: number, from = address) =>
        call(`${String(servers[at]?.url)}/v1/things`, {
          key: `lp_live_${'a'.repeat(16)}_${'b'.repeat(43)}`,
          address: from,
        });
      for (let i = 0; i < 20; i++) assert.equal((await guess(0)).status, 401);
      for (const reply of [await guess(0), await guess(1), await guess(1)]) {
        const message = 'Too many failed authentications from this address.';
        assertRefused(reply, {
          status: 429,
          code: 'RATE_LIMITED',
          message,
          details: { limit: 'failed_authentications' },
        });
        assert.match(reply.headers.get('retry-after') ?? '', /^([1-9]|[1-5][0-9]|60)$/);
      }
      const url = `${String(servers[0]?.url)}/v1/things`;
      assert.equal((await call(url, { key: tenant.key, address })).status, 429);
      assert.equal((await call(url, { key: tenant.key, address: '198.51.100.8' })).status, 200);
      assert.equal((await guess(0, '198.51.100.8')).status, 401);
    });

    it('go by what the outermost trusted proxy saw, and not by what a caller says', async () => {
      for (const [proxyHops, forwarded, seen] of [
        [0, '192.0.2.1', '127.0.0.1'],
        [1, '192.0.2.1, 192.0.2.2', '192.0.2.2'],
        [2, '192.0.2.1, 192.0.2.2, 192.0.2.3', '192.0.2.2'],
      ] as const) {
        const server = await serveApp({ database, endpoints, proxyHops });
        await database('rate_windows').delete();
        await call(`${server.url}/v1/things`, { key: 'x', address: forwarded });
        await server.close();
        assert.deepEqual(await database('rate_windows').pluck<string[]>('subject'), [`address:${seen}`]);
      }
    });
  });

  describe('of a minute', () => {
    let clock: number;
    let principal: Principal;
    let limits: RateLimits;
    beforeEach(async () => {
      clock = 1_000;
      limits = rateLimiting(database, { now: () => clock });
      const nobody = { organizationId: newId(), organizationName: '', lookup: '', scopes: [] };
      principal = { ...nobody, apiKeyId: newId(), environment: 'live', tier: 'standard' };
      await withinOneMinute(2);
    });

    const anyContext = (address = '192.0.2.1'): Context => {
      const request = new IncomingMessage(new Socket());
      const context = new Koa().createContext(request, new ServerResponse(request));
      context.request.ip = address;
      return context;
    };
    const isTaken = (): Promise<boolean> =>
      limits.count(anyContext(), principal, 'long-running').then(
        () => true,
        (error: unknown) => {
          assert.ok(error instanceof ApiError && error.code === 'RATE_LIMITED');
          return false;
        },
      );
    const takenOf = async (calls: number) =>
      (await Promise.all(Array.from({ length: calls }, isTaken))).filter(Boolean).length;
    /** Makes the minute that is in Postgres the last one. */
    const endMinute = () => database.raw(`update rate_windows set minute = minute - interval '1 minute'`);

    it('are over with it, in this process as in Postgres', async () => {
      assert.equal(await takenOf(30), 20);
      await endMinute();
      assert.equal(await takenOf(1), 0);
      clock += 60_000;
      assert.equal(await takenOf(30), 20);
    });

    it('leave nothing over for the next one', async () => {
      await takenOf(3);
      await endMinute();
      clock += 60_000;
      assert.equal(await takenOf(30), 20);
    });

    it('ask Postgres nothing for a key that has used them up', async () => {
      await takenOf(20);
      await takenOf(1);
      const used = () => database('rate_windows').where('subject', 'like', `key:${principal.apiKeyId}:%`).first('used');
      const before = await used();
      assert.equal(await takenOf(50), 0);
      assert.deepEqual(await used(), before);
    });

    it('let a key wait for its refusals that goes on all the same, and no other key', async () => {
      assert.equal(await takenOf(40), 20);
      const heedless = isTaken().then(() => 'heedless');
      const other = { ...principal, apiKeyId: newId() };
      const another = limits.count(anyContext(), other, 'long-running').then(() => 'another');
      assert.equal(await Promise.race([heedless, another]), 'another');
      assert.equal(await heedless, 'heedless');
    });

    it('take few round trips: one for a block', async () => {
      let trips = 0;
      const count = () => trips++;
      principal = { ...principal, tier: 'partner' };
      database.on('query', count);
      const calls = Array.from({ length: 100 }, () => limits.count(anyContext(), principal, 'read-light'));
      await Promise.all(calls);
      database.off('query', count);
      assert.equal(trips, 1);
    });

    it('go on after Postgres was away', async () => {
      await database.raw('alter table rate_windows rename to away');
      await assert.rejects(limits.count(anyContext(), principal, 'long-running'), { code: '42P01' });
      await database.raw('alter table away rename to rate_windows');
      assert.equal(await takenOf(1), 1);
    });

    it('let an address try again in the next one', async () => {
      const context = anyContext('192.0.2.99');
      for (let i = 0; i < 20; i++) await limits.countFailure(context);
      assert.throws(() => {
        limits.refuseGuesser(context);
      }, ApiError);
      await assert.rejects(limits.countFailure(context), ApiError);
      clock += 60_000;
      limits.refuseGuesser(context);
      await endMinute();
      await limits.countFailure(context);
    });
  });
});
