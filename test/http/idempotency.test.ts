import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import Type from 'typebox';
import { v7 as newId } from 'uuid';
import { query } from '../../src/db/database.ts';
import { ApiError } from '../../src/domain/errors.ts';
import type { Environment } from '../../src/domain/influencer.ts';
import { defineEndpoint } from '../../src/http/define-endpoint.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { serveApp } from '../support/app.ts';
import { call, createTenant, createTestKey, type CallOptions, type Reply, type Tenant } from '../support/api.ts';
import { until } from '../support/eventually.ts';
import { gate } from '../support/gate.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { assertRefused } from '../support/refusals.ts';

const thing = Type.Object({
  zebra: Type.Integer(),
  ant: Type.String(),
  secret: Type.Union([Type.String(), Type.Null()]),
});

describe('Idempotency-Key', () => {
  let testDatabase: TestDatabase;
  let server: HttpServer;
  let other: HttpServer;
  let tenant: Tenant;
  /** What the endpoints do after their effect. */
  let meanwhile: (trx: Knex) => unknown = () => undefined;
  let afterCommits = 0;

  const endpointFor = (method: 'post' | 'patch' | 'delete', path: string) =>
    defineEndpoint<{ database: Knex }>()({
      method,
      path,
      operationId: `${method}${path}`,
      tag: 'Things',
      summary: 'Change things',
      description: 'For tests.',
      scope: 'projects:write',
      rateClass: 'write-light',
      body: Type.Object({ ant: Type.String(), more: Type.Optional(Type.Unknown()) }, { additionalProperties: false }),
      query: Type.Object({ q: Type.Optional(Type.String()) }, { additionalProperties: false }),
      replies: { 201: { description: 'Made.', schema: thing, hasEtag: true } },
      secret: 'secret',
      errors: [],
      async handle({ body }, { database }) {
        const [row] = await query<{ id: number }>(database, 'insert into things (ant) values (:ant) returning id', {
          ant: body.ant,
        });
        await meanwhile(database);
        const id = row?.id ?? 0;
        return {
          status: 201 as const,
          body: { zebra: id, ant: body.ant, secret: `secret of ${String(id)}` },
          location: `/v1/things/${String(id)}`,
          etag: `${String(id)}-1`,
          afterCommit: () => afterCommits++,
        };
      },
    });

  before(async () => {
    testDatabase = await createTestDatabase();
    await testDatabase.database.raw('create table things (id serial primary key, ant text not null)');
    const endpoints = [
      endpointFor('post', '/v1/things'),
      endpointFor('post', '/v1/things/:jobId'),
      endpointFor('patch', '/v1/things'),
      endpointFor('delete', '/v1/things'),
    ];
    server = await serveApp({ database: testDatabase.database, endpoints });
    other = await serveApp({ database: testDatabase.database, endpoints });
  });
  after(async () => {
    await Promise.all([server.close(), other.close()]);
    await testDatabase.drop();
  });
  beforeEach(async () => {
    tenant = await createTenant(testDatabase.database);
    meanwhile = () => undefined;
    afterCommits = 0;
    await testDatabase.database('things').delete();
  });

  const send = (name: string, options: CallOptions & { path?: string; at?: HttpServer } = {}): Promise<Reply> => {
    const { path = '/v1/things', at = server, headers, ...others } = options;
    return call(`${at.url}${path}`, {
      method: 'POST',
      key: tenant.key,
      body: { ant: 'a' },
      ...others,
      headers: { 'Idempotency-Key': name, ...headers },
    });
  };
  const effects = async () => (await testDatabase.database('things')).length;
  const stored = async () => (await testDatabase.database('idempotency_keys').where(ownKeys())).length;
  const ownKeys = () => ({ organization_id: tenant.organizationId });
  const isReplay = ({ headers }: Reply) => headers.get('idempotent-replayed') === 'true';

  it('gives ten requests at once one effect and ten equal answers, nine of them repeated, at whichever process', async () => {
    const replies = await Promise.all(Array.from({ length: 10 }, (_, i) => send('k', { at: i % 2 ? server : other })));
    assert.equal(await effects(), 1);
    assert.equal(afterCommits, 1);
    assert.equal(replies.filter(isReplay).length, 9);
    const first = replies.find((reply) => !isReplay(reply)) ?? assert.fail('all are repeated');
    for (const reply of replies) {
      assert.equal(reply.status, 201);
      assert.equal(reply.headers.get('location'), first.headers.get('location'));
      assert.equal(reply.headers.get('etag'), first.headers.get('etag'));
      const { secret: _, ...rest } = first.body;
      assert.deepEqual(reply.body, { ...rest, secret: reply === first ? first.body.secret : null });
      assert.deepEqual(Object.keys(reply.body as object), ['zebra', 'ant', 'secret']);
    }
  });

  it('lets many repeats at one process wait without taking all of its connections', async () => {
    const [started, release] = [gate(), gate()];
    meanwhile = async () => {
      started.open();
      await release.opened;
    };
    const first = send('k');
    await started.opened;
    const repeats = Array.from({ length: 60 }, () => send('k'));
    const { status } = await call(`${server.url}/readyz`);
    await testDatabase.database.raw('select'); // the pool has 20
    assert.equal(status, 200);
    release.open();
    assert.ok([await first, ...(await Promise.all(repeats))].every((reply) => reply.status === 201));
    assert.equal(await effects(), 1);
  });

  it('lets a repeat wait while the first is under way, and do it itself when that fails', async () => {
    for (const at of [server, other]) {
      const [started, release] = [gate(), gate()];
      let isFirst = true;
      meanwhile = async () => {
        if (!isFirst) return;
        isFirst = false;
        started.open();
        await release.opened;
        throw new ApiError('CONFLICT', 'Taken.');
      };
      const first = send(`waits ${at.url}`);
      await started.opened;
      const repeat = send(`waits ${at.url}`, { at });
      let isAnswered = false;
      void repeat.finally(() => (isAnswered = true));
      if (at === other) {
        await until('the repeat waits', async () => {
          const waiting = await testDatabase
            .database('pg_stat_activity')
            .whereRaw(`datname = current_database() and wait_event_type = 'Lock'`);
          return waiting.length > 0;
        });
      }
      assert.equal(isAnswered, false);
      release.open();
      assert.equal((await first).status, 409);
      const reply = await repeat;
      assert.deepEqual([reply.status, isReplay(reply)], [201, false]);
    }
    assert.equal(await effects(), 2);
  });

  it('is for one request: another body, path, query or method under it is a conflict, without an effect', async () => {
    const id = newId();
    await send('k', { path: `/v1/things/${id}?q=1` });
    for (const options of [
      { path: `/v1/things/${id}?q=1`, body: { ant: 'b' } },
      { path: `/v1/things/${id}?q=1`, body: { ant: 'a', more: null } },
      { path: `/v1/things/${id}?q=2` },
      { path: `/v1/things/${id}` },
      { path: `/v1/things/${newId()}?q=1` },
      { path: '/v1/things' },
      { path: '/v1/things', method: 'PATCH' },
      { path: '/v1/things', method: 'DELETE' },
    ]) {
      const message = 'This Idempotency-Key came with another request.';
      assertRefused(await send('k', options), { status: 409, code: 'IDEMPOTENCY_CONFLICT', message });
    }
    assert.equal(await effects(), 1);
    assert.ok(isReplay(await send('k', { path: `/v1/things/${id}?q=1` })));
  });

  it('works on PATCH and DELETE too', async () => {
    for (const method of ['PATCH', 'DELETE']) {
      assert.equal(isReplay(await send(method, { method })), false);
      assert.equal(isReplay(await send(method, { method })), true);
    }
    assert.equal(await effects(), 2);
  });

  it('takes bodies for equal that differ in the order of keys and in white space alone', async () => {
    await send('k', { body: '{"ant":"a","more":{"x":[1,{"b":1,"a":2}],"y":"é"}}' });
    const again = '{ "more" : {"y":"\\u00e9", "x":[1.0,\n{"a":2,"b":1}]},\t"ant":"a" }';
    assert.ok(isReplay(await send('k', { body: again })));
    assert.equal((await send('k', { body: '{"ant":"a","more":{"x":[{"b":1,"a":2},1],"y":"é"}}' })).status, 409);
    assert.equal(await effects(), 1);
  });

  it('takes the last of a field that is there twice', async () => {
    await send('k', { body: '{"ant":"x","ant":"a"}' });
    assert.ok(isReplay(await send('k')));
  });

  it('is not used up by a refused request, nor by one that fails', async () => {
    for (const [thrown, status] of [
      [new ApiError('CONFLICT', 'Taken.'), 409],
      [new ApiError('UNAVAILABLE', 'Away.'), 503],
      [new Error('bug'), 500],
    ] as const) {
      meanwhile = () => {
        throw thrown;
      };
      assert.equal((await send('k')).status, status);
      assert.deepEqual([await effects(), await stored()], [0, 0]);
    }
    assert.equal((await send('k', { body: { ant: 1 } })).status, 422);
    meanwhile = () => undefined;
    const reply = await send('k');
    assert.deepEqual([reply.status, isReplay(reply)], [201, false]);
    assert.equal(await effects(), 1);
  });

  it('is not used up by a deadlock or a failed serialization, which are told as UNAVAILABLE and when to come back', async () => {
    for (const sqlState of ['40P01', '40001']) {
      meanwhile = (trx) => trx.raw(`do $$ begin raise exception 'x' using errcode = '${sqlState}'; end $$`);
      const reply = await send('k');
      assert.deepEqual([reply.status, reply.body.error.code], [503, 'UNAVAILABLE']);
      assert.equal(reply.headers.get('retry-after'), '1');
      assert.deepEqual([await effects(), await stored()], [0, 0]);
    }
  });

  it('leaves neither effect nor reply behind when the connection dies between the two', async () => {
    meanwhile = async (trx) => {
      const { rows } = await trx.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
      await testDatabase.database.raw('select pg_terminate_backend(:pid)', { pid: Number(rows[0]?.pid) });
    };
    const reply = await send('k');
    assert.deepEqual([reply.status, reply.body.error.code], [503, 'UNAVAILABLE']);
    assert.deepEqual([await effects(), await stored(), afterCommits], [0, 0, 0]);
    meanwhile = () => undefined;
    assert.equal(isReplay(await send('k')), false);
    assert.deepEqual([await effects(), await stored(), afterCommits], [1, 1, 1]);
  });

  it('leaves neither when storing the reply fails', async () => {
    meanwhile = (trx) => trx.raw(`alter table idempotency_keys drop column etag`); // undone with the rest
    assert.equal((await send('k')).status, 500);
    assert.deepEqual([await effects(), await stored(), afterCommits], [0, 0, 0]);
  });

  it('says null for what is shown once, and does not store it', async () => {
    const { body } = await send('k');
    assert.match(String(body.secret), /^secret of \d+$/);
    const row = await testDatabase.database('idempotency_keys').where(ownKeys()).first();
    assert.ok(!JSON.stringify(row).includes('secret of'));
    assert.deepEqual((await send('k')).body, { ...body, secret: null });
  });

  it('survives the API key that it came with', async () => {
    await send('k');
    const key = await createTestKey(testDatabase.database, tenant.organizationId);
    assert.ok(isReplay(await send('k', { key })));
    assert.equal(await effects(), 1);
  });

  it('shows no reply to a key of the other environment, to another organization, or to a key that may not', async () => {
    const environment: Environment = 'test';
    await send('k');
    const otherEnvironment = await createTestKey(testDatabase.database, tenant.organizationId, { environment });
    assert.equal((await send('k', { key: otherEnvironment })).body.error.code, 'IDEMPOTENCY_CONFLICT');
    const mayNot = await createTestKey(testDatabase.database, tenant.organizationId, { scopes: ['jobs:read'] });
    assert.equal((await send('k', { key: mayNot })).status, 403);
    const { key } = await createTenant(testDatabase.database);
    const reply = await send('k', { key });
    assert.deepEqual([reply.status, isReplay(reply)], [201, false]);
    assert.equal(await effects(), 2);
  });

  it('is forgotten after 24 hours, and may then stand for another request', async () => {
    await send('k');
    const age = (interval: string) =>
      testDatabase.database.raw(`update idempotency_keys set created_at = now() - interval '${interval}'`);
    await age('23 hours 59 minutes');
    assert.ok(isReplay(await send('k')));
    await age('24 hours 1 second');
    const again = await send('k', { body: { ant: 'b' } });
    assert.deepEqual([again.status, again.body.ant, isReplay(again)], [201, 'b', false]);
    assert.deepEqual((await send('k', { body: { ant: 'b' } })).body, { ...again.body, secret: null });
    assert.equal(await effects(), 2);
  });

  it('may be any 1 to 255 printable characters, and the refusal of others names the header', async () => {
    for (const name of ['k', '~!@ #', 'x'.repeat(255)]) assert.equal((await send(name)).status, 201);
    for (const name of ['', 'x'.repeat(256), 'tab\there', 'é']) {
      assertRefused(await send(name), {
        status: 422,
        code: 'VALIDATION',
        message: 'header.Idempotency-Key must be 1 to 255 printable ASCII characters.',
        details: {
          issues: [
            {
              path: 'header.Idempotency-Key',
              message: 'must be 1 to 255 printable ASCII characters',
              keyword: 'pattern',
            },
          ],
        },
      });
    }
    assert.equal(await effects(), 3);
  });
});
