// A caller's words are words wherever they come: no SQL, no header, no line of a log, no path, no page, and nothing of Temporal's.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { endpoints } from '../../src/endpoints/index.ts';
import { parseId } from '../../src/domain/ids.ts';
import { uploadUrls } from '../../src/storage/upload-urls.ts';
import type { RunningWorker } from '../../src/worker.ts';
import { call, createTenant, startTestApi, testSigningKey, type Tenant, type TestApi } from '../support/api.ts';
import { until } from '../support/eventually.ts';
import { untilCompleted } from '../support/flows.ts';
import { recordingLog } from '../support/log.ts';
import { plainRenderer } from '../support/plain-renderer.ts';
import { exchange, statusesOf } from '../support/raw-connection.ts';
import { assertErrorOf, brokenRulesOf } from '../support/refusals.ts';
import { freeTextsOf, withValueAt } from '../support/schema-values.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { createThings } from '../support/things.ts';
import { leavingNothing } from '../support/traces.ts';
import { plain, presign, put } from '../support/uploads.ts';
import { startTestWorker } from '../support/worker.ts';

/** A word that nothing of ours has. */
const word = 'zqxjkv';

const injections = [
  ...[`' or 1=1--`, `${word}'; drop table influencers; --`, `\\'; select pg_sleep(60)--`, `") or ("1"="1`],
  ...['$1', ':organizationId', '?', '??', '%', '_', '\\', '{1,2}', 'null', '{"$ne":null}', '../../etc/passwd'],
  ...[
    'x\r\nX-Injected: 1',
    '%0d%0aX-Injected: 1',
    '\u001b[31m',
    '<script>alert(1)</script>',
    '${jndi:ldap://127.0.0.1/x}',
  ],
];

describe('what a caller writes', () => {
  const { log, lines, text: logged } = recordingLog();
  let api: TestApi;
  let tenant: Tenant;
  let things: ReadonlyMap<string, string>;
  before(async () => {
    api = await startTestApi({ log });
    ({ tenant, things } = await createThings(api));
  });
  after(() => api.close());

  const pathOf = (path: string, ids: (name: string) => string | undefined) =>
    path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(ids(name) ?? assert.fail(`no ${name}`)));

  it('is no SQL in a path: what is no id is refused', async () => {
    for (const { method, path } of endpoints.filter((one) => one.path.includes(':'))) {
      await leavingNothing(api, async () => {
        for (const injection of injections) {
          const url = `${api.url}${pathOf(path, () => injection)}`;
          const reply = await call(url, { method: method.toUpperCase(), key: tenant.key, body: '{}' });
          assert.equal(reply.status, 422, `${path} ${injection}`);
          assertErrorOf(reply);
        }
      });
    }
  });

  for (const { path, query } of endpoints) {
    if (query === undefined) continue;
    const names = Object.keys((query as { properties?: object }).properties ?? {});

    it(`is no SQL in the query of ${path}: it finds nothing, or is refused`, async () => {
      const found = async (name: string, injection: string) => {
        const search = new URLSearchParams({ [name]: injection }).toString();
        const reply = await call(`${api.url}${pathOf(path, (param) => things.get(param))}?${search}`, {
          key: tenant.key,
        });
        if (['search', 'customerExternalId'].includes(name)) {
          assert.deepEqual([reply.status, reply.body.items], [200, []], search);
        } else {
          assert.equal(reply.status, 422, search);
          for (const [where] of brokenRulesOf(reply)) assert.match(where, new RegExp(`^query\\.${name}`));
        }
      };
      await leavingNothing(api, async () => {
        for (const name of names) for (const injection of injections) await found(name, injection);
      });
    });
  }

  it('is in no header of an answer', async () => {
    const named = [
      'X-Request-Id',
      'Idempotency-Key',
      'If-None-Match',
      'Prefer',
      'Origin',
      'User-Agent',
      'X-Forwarded-Host',
    ];
    const headers = Object.fromEntries(named.map((name) => [name, `${word}; charset="%0d%0aX-Injected: 1"`]));
    const newInfluencerId = randomUUID();
    const calls = [
      call(`${api.url}/v1/influencers/${things.get('influencerId') ?? ''}/clone`, {
        ...{ key: tenant.key, headers },
        body: { name: `${word}\r\nX-Injected: 1`, newInfluencerId },
      }),
      call(`${api.url}/v1/influencers/${things.get('influencerId') ?? ''}`, { key: tenant.key, headers }),
      call(`${api.url}/${word}%0d%0aX-Injected:1?${word}=%0d%0a`, { headers }),
      call(`${api.url}/v1/jobs/${word}%0d%0aX-Injected:1`, { key: tenant.key, headers }),
    ];
    const replies = await Promise.all(calls);
    assert.deepEqual(
      replies.map(({ status }) => status),
      [202, 200, 404, 422],
    );
    for (const reply of replies) {
      for (const [name, value] of reply.headers) {
        assert.ok(!value.includes(word) && !name.includes('injected'), `${name}: ${value}`);
      }
    }
    assert.match(replies[0]?.headers.get('location') ?? '', /^\/v1\/jobs\/job_[0-9A-Z]{26}$/);
  });

  it('is in the log as the path of a request alone, one line of JSON for each', async () => {
    lines.length = 0;
    const hostile = `${word}\n{"level":60,"msg":"forged"}\r\n\u001b[2J\u2028\u009b1m`;
    const headers = { 'X-Request-Id': word, 'User-Agent': word, Referer: word, 'Idempotency-Key': word };
    const create = `${api.url}/v1/projects/${tenant.projectId}/influencers`;
    await call(create, { key: tenant.key, headers, body: { name: hostile, vibe: hostile } });
    await call(create, { key: tenant.key, body: { [hostile]: hostile } });
    await call(create, { key: `lp_live_${word}`, body: '{' });
    await call(`${api.url}/${encodeURIComponent(hostile)}`, {});
    const requests = lines.filter(({ msg }) => msg === 'request');
    assert.equal(requests.length, 4);
    for (const { path, ...line } of lines) {
      assert.ok(!JSON.stringify(line).includes(word), JSON.stringify(line));
      assert.equal(String(path).includes(word), line['status'] === 404);
    }
    for (const line of logged().trimEnd().split('\n')) {
      assert.notEqual((JSON.parse(line) as { msg: string }).msg, 'forged');
      assert.doesNotMatch(line, /[\p{Cc}\p{Zl}\p{Zp}]/u);
    }
  });

  it('is on no page, and is never taken for one', async () => {
    const pages = async () =>
      Promise.all(
        ['/docs', '/docs/start.js', '/openapi.json'].map(async (page) => (await fetch(`${api.url}${page}`)).text()),
      );
    const before = await pages();
    const script = `<script>${word}</script>`;
    const reply = await call(`${api.url}/v1/projects`, { key: tenant.key, body: { name: script, timezone: 'UTC' } });
    assert.equal(reply.body.name, script);
    const unknown = await call(`${api.url}/${encodeURIComponent(script)}`);
    for (const { headers } of [reply, unknown]) {
      assert.match(headers.get('content-type') ?? '', /^application\/json/);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'/);
    }
    assert.deepEqual(await pages(), before);
  });

  it('is no path of the storage, even where it is signed', async () => {
    const urls = uploadUrls(api.url, [testSigningKey]);
    const organization = tenant.organizationId;
    const keys = [
      ...[
        '../outside',
        '..%2foutside',
        '%2e%2e/outside',
        '%2e%2e%2foutside',
        '..%5coutside',
        '..\\outside',
        '%252e%252e/outside',
      ],
      ...[
        '/etc/outside',
        '//etc/outside',
        'a/../../outside',
        'a//b',
        'a/./b',
        '.hidden',
        'a%00b',
        '%',
        'C:%5coutside',
        '',
      ],
      ...[
        `${organization}/uploads/../pictures/x`,
        `${organization}/uploads/${randomUUID()}/bytes`,
        `${organization}/%75ploads/x/bytes`,
      ],
    ];
    const validity = { now: new Date(), expiresAt: new Date(Date.now() + 60_000) };
    for (const key of keys) {
      const { url } = await urls.make({ key, mimeType: 'image/png', sizeBytes: null, sha256: null }, validity);
      for (const query of [new URL(url).search, '']) {
        const bytes = `PUT /uploads/${key}${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: image/png\r\nContent-Length: 1\r\n\r\nx`;
        const received = await leavingNothing(api, () => exchange(api.url, bytes));
        assert.deepEqual(statusesOf(received), [404], `${key}${query}`);
        assert.ok(!received.includes(api.storageFolder));
      }
    }
  });

  it('is read as it stands: nothing that is compressed is unpacked', async () => {
    const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
    const bomb = Buffer.alloc(8 * 1024 * 1024, ' ');
    const packed = {
      gzip: gzipSync(bomb),
      br: brotliCompressSync(bomb, quick),
      deflate: deflateSync(bomb),
      zstd: gzipSync(bomb),
    };
    const picture = await presign(api, tenant);
    for (const [coding, body] of Object.entries(packed)) {
      for (const named of [
        coding,
        coding.toUpperCase(),
        `${coding}, ${coding}`,
        `identity, ${coding}`,
        `x-${coding}`,
      ]) {
        const headers = { 'Content-Encoding': named };
        const replies = [
          await leavingNothing(api, () => call(`${api.url}/v1/projects`, { key: tenant.key, body, headers })),
          await leavingNothing(api, () => put(picture, body, { headers })),
        ];
        for (const reply of replies) {
          assert.deepEqual([reply.status, reply.body.error.code], [415, 'UNSUPPORTED_MEDIA_TYPE'], named);
        }
      }
    }
    const bytes = await plain().png().toBuffer();
    assert.equal((await put(picture, bytes, { headers: { 'Content-Encoding': 'identity' } })).status, 204);
  });
});

describe('what a caller writes, in Temporal', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  let worker: RunningWorker;
  const receiver = createServer((_, response) => response.end(word));

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    api = await startTestApi({ temporal: temporal.connect, webhooksAllowLocalhost: true });
    worker = await startTestWorker(api, temporal, {
      webhooksAllowLocalhost: true,
      renderers: { illustrated: plainRenderer() },
    });
  });
  after(async () => {
    await worker.close();
    await api.close();
    await temporal.close();
    receiver.close();
  });

  it('is nowhere: operators see ids', async () => {
    const tenant = await createTenant(api.database, { scopes: ['*'] });
    const { port } = receiver.address() as AddressInfo;
    /** An endpoint's body with the word in each field that takes any. */
    const bodyOf = (operationId: string, fields: object) => {
      const schema = endpoints.find((one) => one.operationId === operationId)?.body ?? assert.fail(operationId);
      const places = freeTextsOf(schema);
      const body = places.reduce<unknown>((made, { path }) => withValueAt(made, path, word), {});
      return { ...(body as object), ...fields };
    };
    const accepted = async (path: string, body: unknown) => {
      const reply = await call(`${api.url}${path}`, {
        key: tenant.key,
        body,
        headers: { 'Idempotency-Key': word + path },
      });
      assert.ok(reply.status < 300, JSON.stringify(reply.body));
      return reply.body;
    };
    const endpoint = await accepted(
      '/v1/webhook-endpoints',
      bodyOf('createWebhookEndpoint', { url: `http://127.0.0.1:${String(port)}/${word}`, events: ['job.completed'] }),
    );
    const source = await accepted(`/v1/projects/${tenant.projectId}/influencers`, bodyOf('createInfluencer', {}));
    await untilCompleted(api.database, [source.jobId as string]);
    const clone = await accepted(`/v1/influencers/${String(source.influencerId)}/clone`, bodyOf('cloneInfluencer', {}));
    await untilCompleted(api.database, [clone.jobId as string]);
    const delivered = {
      status: 'delivered',
      webhook_endpoint_id: parseId('webhookEndpoint', endpoint.webhookEndpointId as string),
    };
    await until('both webhooks are delivered', async () => {
      const rows = await api.database('webhook_deliveries').where(delivered).select('id');
      return rows.length === 2;
    });
    // Listed once Temporal has indexed them.
    const seen = new Map<string, string>();
    await until('all four workflows are listed', async () => {
      for await (const { workflowId } of temporal.client.workflow.list()) {
        const handle = temporal.client.workflow.getHandle(workflowId);
        seen.set(workflowId, textsIn([(await handle.describe()).raw, await handle.fetchHistory()]));
      }
      return [...seen.keys()].filter((id) => /^(job|whd)_/.test(id)).length === 4;
    });
    for (const [workflowId, texts] of seen) assert.ok(!texts.toLowerCase().includes(word), workflowId);
    assert.ok(seen.get(clone.jobId as string)?.includes(String(source.influencerId)), 'nothing was looked at');
  });
});

/** All texts and bytes in messages of Temporal, wherever they are. */
function textsIn(part: unknown): string {
  if (part instanceof Uint8Array) return Buffer.from(part).toString();
  if (typeof part !== 'object' || part === null) return typeof part === 'string' ? part : '';
  return Object.entries(part)
    .map(([name, value]) => `${name} ${textsIn(value)}`)
    .join('\n');
}
