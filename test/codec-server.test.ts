import assert from 'node:assert/strict';
import { defaultPayloadConverter } from '@temporalio/common';
import { v7 as newId } from 'uuid';
import { codecRoutes } from '../src/codec-server.ts';
import { cors } from '../src/http/cors.ts';
import { createFrame, serve } from '../src/http/frame.ts';
import { openServer, type HttpServer } from '../src/http/server.ts';
import { payloadCodec } from '../src/temporal/payload-codec.ts';
import { silent } from './support/api.ts';

describe('the codec server', () => {
  const token = 'a-token-of-the-tests-that-is-long-enough';
  const codec = payloadCodec([{ id: '1', secret: 'a secret of the tests, long enough' }]);
  let server: HttpServer;

  before(async () => {
    const health = { isDraining: () => false, check: () => Promise.resolve({ isReady: true, parts: {} }) };
    const app = createFrame({ health, newId, log: silent });
    app.use(cors(['http://ui.example.com'], { headers: 'X-Namespace', exposed: '', withCredentials: true }));
    serve(app, codecRoutes(codec, token));
    server = await openServer({ host: '127.0.0.1', port: 0 }, app.callback());
  });
  after(() => server.close());

  const payload = () => {
    const { metadata, data } = defaultPayloadConverter.toPayload({ shot: 'portrait' });
    const base64 = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('base64');
    return { metadata: { encoding: base64(metadata?.['encoding']) }, data: base64(data) };
  };
  const ask = (path: string, body: unknown, headers: Record<string, string> = { Authorization: `Bearer ${token}` }) =>
    fetch(server.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('encodes, and decodes what it encoded, in protobuf’s JSON', async () => {
    const encoded = (await (await ask('/encode', { payloads: [payload()] })).json()) as { payloads: unknown[] };
    assert.doesNotMatch(JSON.stringify(encoded), new RegExp(payload().data.slice(0, 8)));
    const decoded = await ask('/decode', encoded);
    assert.equal(decoded.headers.get('Cache-Control'), 'no-store');
    assert.deepEqual(await decoded.json(), { payloads: [payload()] });
  });

  it('takes the token as a browser’s password too, and decodes for nobody else', async () => {
    const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });
    const statusFor = async (headers: Record<string, string>) =>
      (await ask('/decode', { payloads: [] }, headers)).status;
    assert.equal(await statusFor(basic(`anyone:${token}`)), 200);
    for (const headers of [
      {},
      basic(`anyone:${token}s`),
      basic(token.slice(1)),
      { Authorization: `Bearer ${token} x` },
      { Authorization: token },
    ])
      assert.equal(await statusFor(headers), 401);
    const refused = await fetch(server.url);
    assert.match(refused.headers.get('WWW-Authenticate') ?? '', /^Basic realm=/);
  });

  it('refuses what is no list of payloads, and what it cannot decrypt, and says which', async () => {
    const issueOf = async (body: unknown) => {
      const reply = await ask('/decode', body);
      assert.equal(reply.status, 422);
      const { error } = (await reply.json()) as { error: { details: { issues: { path: string; message: string }[] } } };
      return error.details.issues[0];
    };
    assert.equal((await issueOf({ payloads: [{ data: 5 }] }))?.path, 'body.payloads.0.data');
    const [stranger] = (
      await payloadCodec([{ id: '9', secret: 'another secret of the tests, as long' }]).encode([
        defaultPayloadConverter.toPayload(1),
      ])
    ).map(({ metadata, data }) => ({
      metadata: Object.fromEntries(
        Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
      ),
      data: Buffer.from(data ?? []).toString('base64'),
    }));
    assert.match((await issueOf({ payloads: [stranger] }))?.message ?? '', /no key 9/);
  });

  it('lets pages of Temporal’s UI ask with what their browser is signed in with', async () => {
    const preflight = async (origin: string) =>
      (
        await fetch(`${server.url}/decode`, {
          method: 'OPTIONS',
          headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
        })
      ).headers;
    const allowed = await preflight('http://ui.example.com');
    assert.equal(allowed.get('Access-Control-Allow-Origin'), 'http://ui.example.com');
    assert.equal(allowed.get('Access-Control-Allow-Credentials'), 'true');
    assert.match(allowed.get('Access-Control-Allow-Headers') ?? '', /X-Namespace/);
    assert.equal((await preflight('http://other.example.com')).get('Access-Control-Allow-Origin'), null);
  });
});
