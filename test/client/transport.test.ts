import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { DoppelClient, DoppelError, NoAnswerError, type ClientOptions } from '../../src/client/index.ts';
import { createTransport } from '../../src/client/transport.ts';
import { query } from '../../src/db/database.ts';
import { createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import {
  answer,
  cut,
  hang,
  passOn,
  refuse,
  startScriptedServer,
  type ScriptedServer,
  type Step,
} from '../support/scripted-server.ts';

describe('a call of DoppelClient', () => {
  const servers: ScriptedServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  /** A client of a server that answers with these steps; its waits between tries take no time, and are in `waitsMs`. */
  const callerOf = async (steps: [Step, ...Step[]], options: Partial<ClientOptions> = {}) => {
    const server = await startScriptedServer(...steps);
    servers.push(server);
    const waitsMs: number[] = [];
    const transport = createTransport({ baseUrl: server.url, apiKey: 'lp_test', ...options }, (ms) => {
      waitsMs.push(ms);
      return Promise.resolve();
    });
    const { asked } = server;
    const keys = () => asked.map(({ headers }) => headers['idempotency-key']);
    return { ...transport, server, asked, waitsMs, keys };
  };

  const failureOf = async (call: Promise<unknown>): Promise<Error> => {
    try {
      await call;
    } catch (error) {
      if (error instanceof Error) return error;
    }
    return assert.fail('the call did not fail');
  };
  const refusalOf = async (call: Promise<unknown>): Promise<DoppelError> => {
    const error = await failureOf(call);
    assert.ok(error instanceof DoppelError, String(error));
    return error;
  };
  const silenceOf = async (call: Promise<unknown>): Promise<NoAnswerError> => {
    const error = await failureOf(call);
    assert.ok(error instanceof NoAnswerError, String(error));
    return error;
  };

  describe('that is not answered', () => {
    it('is sent again with the same idempotency key, and the next call has another', async () => {
      const { send, keys, waitsMs } = await callerOf([cut, cut, answer(200, { id: 1 })]);
      assert.deepEqual((await send('POST', '/v1/projects', { body: {} }))?.body, { id: 1 });
      await send('POST', '/v1/projects', { body: {} });
      const [first, second, third, other] = keys();
      assert.match(String(first), /^[0-9a-f]{32}$/);
      assert.deepEqual([second, third], [first, first]);
      assert.notEqual(other, first);
      assert.equal(waitsMs.length, 2);
    });

    it('is thrown after the last try, with what broke and the key to go on with', async () => {
      const { send, asked, server } = await callerOf([cut], { maxRetries: 2 });
      const error = await silenceOf(send('DELETE', '/v1/projects/1?a=b', { idempotencyKey: 'mine' }));
      assert.equal(error.message, 'No answer to DELETE /v1/projects/1 in 3 tries.');
      assert.equal(error.idempotencyKey, 'mine');
      assert.ok(error.cause instanceof TypeError && error.cause.cause instanceof Error);
      assert.equal(asked.length, 3);

      await server.close();
      servers.length = 0;
      const refused = await silenceOf(send('GET', '/v1/whoami'));
      assert.equal(refused.idempotencyKey, null);
      assert.equal(((refused.cause as Error).cause as { code?: string }).code, 'ECONNREFUSED');
    });

    it('is sent again when a try takes too long, to the end of the answer’s body', async () => {
      const halfAnswered: Step = (response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.write('{"id":');
      };
      const { send, asked } = await callerOf([hang, halfAnswered, answer(200, { id: 1 })], { timeoutMs: 200 });
      assert.deepEqual((await send('GET', '/v1/jobs/1'))?.body, { id: 1 });
      assert.equal(asked.length, 3);

      const slow = await callerOf([hang], { timeoutMs: 50, maxRetries: 0 });
      const error = await silenceOf(slow.send('GET', '/v1/jobs/1'));
      assert.equal((error.cause as DOMException).name, 'TimeoutError');
      assert.equal((error.cause as DOMException).message, 'No answer within 50 ms.');
    });

    it('gives an upload more time, by its size', async () => {
      const slowly: Step = async (response) => {
        await delay(20);
        response.writeHead(204).end();
      };
      const { put, server } = await callerOf([slowly], { timeoutMs: 1, maxRetries: 0 });
      const place = { url: `${server.url}/uploads/1`, headers: { 'Content-Type': 'image/png' } };
      await put(place, new Uint8Array(1_000_000));
    });
  });

  describe('that is refused', () => {
    it('tells code, status, request id and details', async () => {
      const issues = [{ path: 'body.name', message: 'must be string', keyword: 'type' }];
      const { send } = await callerOf([refuse(422, 'VALIDATION', { details: { issues } })]);
      const error = await refusalOf(send('POST', '/v1/projects', { body: {}, idempotencyKey: 'mine' }));
      assert.deepEqual(
        [error.name, error.code, error.status, error.requestId, error.message, error.details.issues],
        ['DoppelError', 'VALIDATION', 422, 'req_1', 'It is VALIDATION.', issues],
      );
      assert.deepEqual([error.retryAfterMs, error.idempotencyKey], [null, 'mine']);
    });

    for (const [status, code] of [
      [400, 'VALIDATION'],
      [401, 'UNAUTHENTICATED'],
      [403, 'FORBIDDEN_SCOPE'],
      [404, 'NOT_FOUND'],
      [408, 'NONE'],
      [409, 'UPLOAD_INCOMPLETE'],
      [412, 'PRECONDITION_FAILED'],
      [413, 'PAYLOAD_TOO_LARGE'],
      [503, 'KILL_SWITCH'],
    ] as const) {
      it(`is not sent again: ${String(status)} ${code}`, async () => {
        const { send, asked } = await callerOf([refuse(status, code, { headers: { 'Retry-After': '0' } })]);
        assert.equal((await refusalOf(send('POST', '/v1/projects', { body: {} }))).code, code);
        assert.equal(asked.length, 1);
      });
    }

    it('is sent again after Retry-After and a little more: 429 and 503', async () => {
      const { send, waitsMs, keys } = await callerOf([
        refuse(429, 'RATE_LIMITED', { headers: { 'Retry-After': '41' } }),
        refuse(503, 'UNAVAILABLE', { headers: { 'Retry-After': new Date(Date.now() + 20_000).toUTCString() } }),
        answer(202, {}),
      ]);
      await send('POST', '/v1/projects', { body: {} });
      const [first = 0, second = 0] = waitsMs;
      assert.ok(first > 41_000 && first <= 41_250, String(first));
      assert.ok(second > 18_000 && second <= 20_500, String(second));
      assert.equal(new Set(keys()).size, 1);
    });

    it('is thrown at once when all its waits would be too long, with how long it would be', async () => {
      const { send, waitsMs } = await callerOf([
        refuse(429, 'RATE_LIMITED', { headers: { 'Retry-After': '40' } }),
        refuse(429, 'RATE_LIMITED', { headers: { 'Retry-After': '40' } }),
      ]);
      assert.equal((await refusalOf(send('GET', '/v1/jobs'))).retryAfterMs, 40_000);
      assert.equal(waitsMs.length, 1);
    });

    it('waits longer each time where nothing is said: 500, 502, 504', async () => {
      const { send, waitsMs, asked } = await callerOf([
        refuse(500, 'INTERNAL'),
        answer(502, '<html>'),
        answer(504, ''),
        refuse(500, 'INTERNAL', { headers: { 'Retry-After': 'soon' } }),
      ]);
      const error = await refusalOf(send('GET', '/v1/jobs'));
      assert.deepEqual([error.code, error.retryAfterMs], ['INTERNAL', null]);
      assert.equal(asked.length, 5);
      for (const [index, waitMs] of waitsMs.entries()) {
        assert.ok(waitMs >= 125 * 2 ** index && waitMs <= 250 * 2 ** index, String(waitMs));
      }
    });
  });

  describe('that is answered by something else', () => {
    for (const [what, text] of [
      ['a page', '<html>Welcome</html>'],
      ['nothing', ''],
      ['half of it', '{"id":'],
      ['a number', '1'],
    ] as const) {
      it(`is an error when 200 comes with ${what}`, async () => {
        const { send, asked } = await callerOf([answer(200, text)]);
        const error = await refusalOf(send('GET', '/v1/jobs/1'));
        assert.deepEqual([error.status, error.code, error.requestId, error.details], [200, null, null, {}]);
        assert.match(error.message, /none of Doppel's/);
        assert.equal(asked.length, 1);
      });
    }

    it('has no code when the error is a proxy’s', async () => {
      for (const body of ['null', '[]', '{"error":"no"}', '{"error":{"code":7,"message":"no"}}', '{"error":null}']) {
        const { send } = await callerOf([answer(403, body, { 'X-Request-Id': 'req_2' })]);
        const error = await refusalOf(send('GET', '/v1/jobs/1'));
        assert.deepEqual([error.status, error.code, error.requestId], [403, null, 'req_2']);
      }
    });

    it('follows no redirect: the key stays here', async () => {
      const other = await callerOf([answer(200, {})]);
      const { send } = await callerOf([answer(307, '', { Location: other.server.url })]);
      assert.equal((await refusalOf(send('POST', '/v1/projects', { body: {} }))).status, 307);
      assert.equal(other.asked.length, 0);
    });
  });

  describe('that is ended by its signal', () => {
    it('ends while it waits for an answer', async () => {
      const ending = new AbortController();
      const reason = new Error('not any more');
      const { send, asked } = await callerOf([
        () => {
          ending.abort(reason);
        },
      ]);
      assert.equal(await failureOf(send('GET', '/v1/jobs/1', { signal: ending.signal })), reason);
      assert.equal(asked.length, 1);
    });

    it('ends while it waits for its next try', async () => {
      const ending = new AbortController();
      const reason = new Error('not any more');
      const server = await startScriptedServer((response, asked) => {
        void refuse(503, 'UNAVAILABLE', { headers: { 'Retry-After': '60' } })(response, asked);
        response.on('close', () =>
          setImmediate(() => {
            ending.abort(reason);
          }),
        );
      });
      servers.push(server);
      const client = new DoppelClient({ baseUrl: server.url, apiKey: 'lp_test' });
      assert.equal(await failureOf(client.whoAmI({ signal: ending.signal })), reason);
      assert.equal(server.asked.length, 1);
    });
  });

  it('is not sent with what HTTP cannot carry', async () => {
    const { send, asked } = await callerOf([answer(200, {})]);
    assert.ok((await failureOf(send('POST', '/v1/projects', { idempotencyKey: 'ä→' }))) instanceof TypeError);
    assert.equal(asked.length, 0);
  });

  it('goes below the path of baseUrl, which must be a URL', async () => {
    const { server, asked } = await callerOf([answer(200, {})]);
    const client = new DoppelClient({ baseUrl: `${server.url}/doppel//`, apiKey: 'lp_test' });
    await client.whoAmI();
    assert.equal(asked[0]?.path, '/doppel/v1/whoami');
    assert.throws(() => new DoppelClient({ baseUrl: 'doppel.example.com', apiKey: 'lp_test' }), TypeError);
  });

  describe('whose answer is lost after the API has taken effect', () => {
    let api: TestApi;
    let tenant: Tenant;
    before(async () => {
      api = await startTestApi();
      tenant = await createTenant(api.database, { scopes: ['*', 'org:admin'] });
    });
    after(() => api.close());

    /** A client to whom every first answer is lost. */
    const forgetful = async () => {
      const steps = [passOn(api.url, { isLost: true }), passOn(api.url)] as const;
      let tries = 0;
      const server = await startScriptedServer((response, asked) => (steps[tries++ % 2] ?? cut)(response, asked));
      servers.push(server);
      return { server, client: new DoppelClient({ baseUrl: server.url, apiKey: tenant.key }) };
    };
    const count = async (table: string) =>
      (await query(api.database, `select from ${table} where organization_id = :organizationId`, { ...tenant })).length;

    it('creates and clones once', async () => {
      const { server, client } = await forgetful();
      const source = await client.influencers.create(tenant.projectId, { name: 'Ava' });
      const clone = await client.influencers.clone(source.influencerId, { name: 'Ava (EU)' });
      assert.equal(server.asked.length, 4);
      assert.notEqual(clone.jobId, source.jobId);
      for (const table of ['influencers', 'jobs']) assert.equal(await count(table), 2);
    });

    it('changes the version that was named, although it is another by then, and deletes', async () => {
      const { client } = await forgetful();
      const { influencerId } = await client.influencers.create(tenant.projectId, { name: 'Ava' });
      const { etag } = await client.influencers.get(influencerId);
      const changed = await client.influencers.update(influencerId, { vibe: 'dry' }, { ifMatch: etag });
      assert.equal(changed.vibe, 'dry');
      assert.equal((await client.influencers.delete(influencerId, { ifMatch: changed.etag })).status, 'deleted');
    });

    it('makes one key, whose secret is lost, and which can be rotated', async () => {
      const { client } = await forgetful();
      const before = await count('api_keys');
      const key = await client.apiKeys.create({ name: 'Billing', scopes: ['jobs:read'], env: 'live' });
      assert.equal(key.secret, null);
      assert.equal(await count('api_keys'), before + 1);
      const whole = new DoppelClient({ baseUrl: api.url, apiKey: tenant.key });
      assert.match((await whole.apiKeys.rotate(key.apiKeyId)).secret ?? '', /^lp_live_/);
    });
  });
});
