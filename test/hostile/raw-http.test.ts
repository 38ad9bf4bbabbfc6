// Bytes that are no request, or two where one was meant (https://www.rfc-editor.org/rfc/rfc9112#section-11): each on a connection
// of its own, after which others are served as before.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { call, createTenant, startTestApi, type Tenant, type TestApi } from '../support/api.ts';
import { createInfluencer } from '../support/builders.ts';
import { until } from '../support/eventually.ts';
import { recordingLog } from '../support/log.ts';
import { exchange, openConnection, statusesOf } from '../support/raw-connection.ts';
import { leavingNothing } from '../support/traces.ts';

describe('the server, sent bytes', () => {
  const { log, text: logged } = recordingLog();
  let api: TestApi;
  let tenant: Tenant;
  let key: string;

  before(async () => {
    api = await startTestApi({ log });
    tenant = await createTenant(api.database);
    key = `X-Api-Key: ${tenant.key}\r\n`;
  });
  after(() => api.close());
  /** Whatever was sent before. */
  afterEach(async () => {
    assert.equal((await call(`${api.url}/v1/whoami`, { key: tenant.key })).status, 200);
    assert.doesNotMatch(logged(), /hidden/, 'what came within a request was taken for another one');
  });

  const last = 'Host: x\r\nConnection: close\r\n';
  const get = `GET /healthz HTTP/1.1\r\n${last}`;
  const hidden = `GET /hidden HTTP/1.1\r\n${last}\r\n`;
  const body = '{"name":"Raw","timezone":"UTC"}';
  const length = String(body.length);
  const size = body.length.toString(16);
  const posting = (headers: string, rest: string) =>
    `POST /v1/projects HTTP/1.1\r\n${last}${key}Content-Type: application/json\r\n${headers}\r\n${rest}`;
  const inChunks = (rest: string) => posting('Transfer-Encoding: chunked\r\n', rest);

  /** What is refused, by what it is; as functions, since the key is made later. */
  const refused: Record<string, () => string | Uint8Array> = {
    'a length and chunks': () => posting('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${hidden}`),
    'chunks and a length': () =>
      posting(
        'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n',
        `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
      ),
    'two lengths': () => posting(`Content-Length: ${length}\r\nContent-Length: 0\r\n`, body + hidden),
    'one length twice': () => posting(`Content-Length: ${length}\r\n`.repeat(2), body),
    'a list of lengths': () => posting(`Content-Length: ${length}, ${length}\r\n`, body),
    ...Object.fromEntries(
      ['-1', '+5', '0x10', '1e2', '1 1', '', '99999999999999999999999'].map((value) => [
        `a length of "${value}"`,
        () => posting(`Content-Length: ${value}\r\n`, body),
      ]),
    ),
    ...Object.fromEntries(
      [
        'xchunked',
        'identity',
        'chunked, identity',
        'chunked\r\nTransfer-Encoding: chunked',
        '\x0bchunked',
        '\r\n chunked',
      ].map((coding) => [
        `a transfer coding of ${JSON.stringify(coding)}`,
        () => posting(`Transfer-Encoding: ${coding}\r\n`, `0\r\n\r\n${hidden}`),
      ]),
    ),
    ...Object.fromEntries(
      ['xyz', '-5', '0x5', '', 'f'.repeat(18), `${size} `, `${size}\n`].map((chunk) => [
        `a chunk of size ${JSON.stringify(chunk)}`,
        () => inChunks(`${chunk}\r\n${body}\r\n0\r\n\r\n${hidden}`),
      ]),
    ),
    'a chunk with more bytes than it says': () => inChunks(`2\r\n${body}\r\n0\r\n\r\n`),
    'a chunk whose extension has no end': () => inChunks(`${size};a=${'b'.repeat(100_000)}\r\n${body}\r\n0\r\n\r\n`),
    'a space before a colon': () => posting(`Content-Length : ${length}\r\n`, body),
    'a folded header': () => `${get}X-Folded: a\r\n b\r\n\r\n`,
    'lines that end in LF alone': () => 'GET /healthz HTTP/1.1\nHost: x\n\n',
    'a header that ends in CR alone': () => `${get}X-A: b\rX-B: c\r\n\r\n`,
    'a header that begins with a space': () => 'GET /healthz HTTP/1.1\r\n Host: x\r\n\r\n',
    'U+0000 in a header': () => `${get}X-A: a\0b\r\n\r\n`,
    ...Object.fromEntries(
      ['\0', '\x1b[31m', '\x7f', '\x9b31m', 'é', ' ', '\t'].map((character) => [
        `${JSON.stringify(character)} in a target`,
        () => `GET /v1/${character}x HTTP/1.1\r\n${last}\r\n`,
      ]),
    ),
    'no host': () => 'GET /healthz HTTP/1.1\r\n\r\n',
    'an unknown version': () => `GET /healthz HTTP/9.9\r\n${last}\r\n`,
    'an unknown method': () => `FETCH /healthz HTTP/1.1\r\n${last}\r\n`,
    'a method in lower case': () => `get /healthz HTTP/1.1\r\n${last}\r\n`,
    'a target that is a script': () => `GET javascript:alert(1) HTTP/1.1\r\n${last}\r\n`,
    'the preface of HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
    TLS: () => Buffer.from('16030100a5010000a10303', 'hex'),
    'any bytes': () => Uint8Array.from({ length: 5_000 }, (_, i) => (i * 7_919) % 256),
    'a long target': () => `GET /${'x'.repeat(17_000)} HTTP/1.1\r\n${last}\r\n`,
    'a long header': () => `${get}X-Long: ${'x'.repeat(17_000)}\r\n\r\n`,
    'headers that are many and too long together': () => `${get}${'X-A: bcdef\r\n'.repeat(3_000)}\r\n`,
  };
  for (const [what, bytes] of Object.entries(refused)) {
    it(`refuses ${what}, shortly, and reads nothing more on that connection`, async () => {
      const received = await leavingNothing(api, () => exchange(api.url, bytes()));
      const [status, ...others] = statusesOf(received);
      assert.ok(status !== undefined && [400, 413, 431].includes(status), received);
      assert.deepEqual(others, []);
      assert.ok(received.length < 200, received);
    });
  }

  it('opens no tunnel', async () => {
    assert.equal(await exchange(api.url, `CONNECT 127.0.0.1:1 HTTP/1.1\r\n${last}${key}\r\n`), '');
  });

  const answered: Record<string, { bytes: () => string; statuses: number[] }> = {
    'a body that is longer than any may be': {
      bytes: () => posting('Content-Length: 9007199254740993\r\n', body),
      statuses: [413],
    },
    'chunks with extensions, and trailers that are no headers': {
      bytes: () => inChunks(`${size};a="b"\r\n${body}\r\n0\r\nX-Api-Key: other\r\n\r\n`),
      statuses: [201],
    },
    'a body that was announced': {
      bytes: () => posting(`Expect: 100-continue\r\nContent-Length: ${length}\r\n`, body),
      statuses: [100, 201],
    },
    'a body that is too large, though announced': {
      bytes: () => posting('Expect: 100-continue\r\nContent-Length: 9999999\r\n', ''),
      statuses: [100, 413],
    },
    'an expectation that nobody knows': {
      bytes: () => posting(`Expect: something\r\nContent-Length: ${length}\r\n`, body),
      statuses: [201],
    },
    'an upgrade to what is not spoken': {
      bytes: () => `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n`,
      statuses: [200],
    },
    'an upgrade to HTTP/2': {
      bytes: () =>
        `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
      statuses: [200],
    },
    'a body where there is none': { bytes: () => `${get}Content-Length: 5\r\n\r\nhello`, statuses: [200] },
    'TRACE, and sends nothing back': { bytes: () => `TRACE /v1/whoami HTTP/1.1\r\n${last}${key}\r\n`, statuses: [405] },
    'OPTIONS of everything': { bytes: () => `OPTIONS * HTTP/1.1\r\n${last}\r\n`, statuses: [404] },
    'a target of another host': {
      bytes: () => `GET http://example.com/healthz HTTP/1.1\r\n${last}\r\n`,
      statuses: [200],
    },
    'a target with two slashes': { bytes: () => `GET //example.com/healthz HTTP/1.1\r\n${last}\r\n`, statuses: [404] },
    'a key that is there twice': { bytes: () => `GET /v1/whoami HTTP/1.1\r\n${last}${key}${key}\r\n`, statuses: [401] },
    'HTTP/1.0': { bytes: () => 'GET /healthz HTTP/1.0\r\n\r\n', statuses: [200] },
    'empty lines before a request': { bytes: () => `\r\n\r\n${get}\r\n`, statuses: [200] },
    'requests that come at once, in their order': {
      bytes: () =>
        `${['healthz', 'none', 'healthz'].map((one) => `GET /${one} HTTP/1.1\r\nHost: x\r\n\r\n`).join('')}${get}\r\n`,
      statuses: [200, 404, 200, 200],
    },
    'requests until one that is none': {
      bytes: () => `GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nnone\r\n\r\n${hidden}`,
      statuses: [400],
    },
  };
  for (const [what, { bytes, statuses }] of Object.entries(answered)) {
    it(`answers ${what}`, async () => {
      const received = await exchange(api.url, bytes());
      assert.deepEqual(statusesOf(received), statuses, received);
      assert.doesNotMatch(received, new RegExp(tenant.key));
      const named = received.match(/X-Request-Id: req_/g)?.length ?? 0;
      assert.equal(named, statuses.filter((status) => status >= 200 && status !== 400).length);
    });
  }

  it('heeds a header however many come before it', async () => {
    const { influencerId } = await createInfluencer(api, tenant);
    const many = 'a:\r\n'.repeat(3_000); // Node's own limit is 2,000, and it says nothing of those behind
    const change = `Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{"vibe":"x"}`;
    const path = `/v1/influencers/${influencerId}`;
    const patch = `PATCH ${path} HTTP/1.1\r\n${last}${key}${many}If-Match: "77-0"\r\n${change}`;
    assert.deepEqual(statusesOf(await leavingNothing(api, () => exchange(api.url, patch))), [412]);
  });

  it('makes no URL of the host that it was asked at', async () => {
    const hosts = 'Host: evil.example\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n';
    const project = `/v1/projects/${tenant.projectId}/media/presign`;
    const presign = '{"kind":"image","mimeType":"image/png"}';
    const received = await exchange(
      api.url,
      `POST ${project} HTTP/1.1\r\n${hosts}Connection: close\r\n${key}Content-Type: application/json\r\nContent-Length: ${String(presign.length)}\r\n\r\n${presign}`,
    );
    assert.deepEqual(statusesOf(received), [201]);
    assert.doesNotMatch(received, /evil/);
  });

  it('answers whoever has nothing more to say, and lets go of whoever said half', async () => {
    const whole = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    assert.deepEqual(statusesOf(await exchange(api.url, whole, { thenEnds: true })), [200]);
    const halves = ['', 'GET', whole.slice(0, -2), posting('Content-Length: 100\r\n', '{"half":'), inChunks('5\r\n{')];
    for (const half of halves) {
      const received = await leavingNothing(api, () => exchange(api.url, half, { thenEnds: true }));
      assert.deepEqual(statusesOf(received), half === '' ? [] : [400], half);
    }
  });

  it('is there for others while hundreds of connections send nothing, or slowly', async () => {
    const starts = [
      '',
      'GET /v1/whoami HTTP/1.1\r\nX-Slow: ',
      posting('Content-Length: 1000\r\n', '{'),
      inChunks('5\r\n'),
    ];
    const held = await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const { socket } = await openConnection(api.url);
        socket.write(starts[index % starts.length] ?? '');
        return socket;
      }),
    );
    await leavingNothing(api, async () => {
      assert.equal((await call(`${api.url}/v1/whoami`, { key: tenant.key })).status, 200);
      await Promise.all(held.map((socket) => closed(socket)));
    });
  });

  it('stops writing to whoever does not read, and forgets whoever goes away', async () => {
    const { socket, received } = await openConnection(api.url);
    socket.pause();
    socket.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200));
    assert.equal((await call(`${api.url}/v1/whoami`, { key: tenant.key })).status, 200);
    socket.resume();
    await until('some of it came', () => received().includes('HTTP/1.1 200'));
    socket.destroy();
  });

  it('has logged no fault in all this, no bytes that were sent, and nothing that a terminal would obey', () => {
    for (const line of logged().trimEnd().split('\n')) {
      assert.ok((JSON.parse(line) as { level: number }).level < 50, line.slice(0, 300));
      assert.ok(!line.includes('rawPacket'), line.slice(0, 300));
      assert.doesNotMatch(line, /[\p{Cc}]/u);
    }
  });
});

async function closed(socket: Socket): Promise<void> {
  socket.destroy();
  if (!socket.closed) await once(socket, 'close');
}
