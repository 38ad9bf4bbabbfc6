import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Webhook as Verifier } from 'standardwebhooks';
import { createSender, type Webhook } from '../../src/webhooks/send-webhook.ts';
import { webhookSecretText } from '../../src/webhooks/webhook-secret.ts';
import { forbiddenUrls } from '../support/forbidden-addresses.ts';
import { gate } from '../support/gate.ts';
import { answer, cut, hang, startScriptedServer, type ScriptedServer, type Step } from '../support/scripted-server.ts';
import { exampleUrl, noNetwork } from '../support/webhooks.ts';

const publicAddress = '8.8.8.8';
const body = '{"type":"webhook.test"}';

const webhookTo = (url: string): Webhook => ({ id: 'evt_1', url, at: new Date(), body, secrets: [randomBytes(32)] });

describe('sending a webhook', () => {
  const servers: ScriptedServer[] = [];
  after(() => Promise.all(servers.map((server) => server.close())));

  const serve = async (...steps: [Step, ...Step[]]): Promise<ScriptedServer> => {
    const server = await startScriptedServer(...steps);
    servers.push(server);
    return server;
  };
  const send = createSender({ allowsLocalhost: true, timeoutMs: 2_000 });
  const sendTo = async (...steps: [Step, ...Step[]]) => send(webhookTo((await serve(...steps)).url));

  it('posts the body with a signature of each secret, which the libraries of Standard Webhooks verify', async () => {
    const server = await serve(answer(204, ''));
    const secrets = [randomBytes(32), randomBytes(32)];
    const sent = await send({ id: 'evt_7', url: `${server.url}/path?x=1`, at: new Date(), body, secrets });
    assert.deepEqual([sent.statusCode, sent.error, sent.responseExcerpt], [204, null, null]);
    const [asked] = server.asked;
    assert.ok(asked);
    assert.deepEqual([asked.method, asked.path, asked.body.toString()], ['POST', '/path?x=1', body]);
    const { headers } = asked;
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['user-agent'], 'Doppel-Webhooks/1');
    assert.equal(headers['webhook-id'], 'evt_7');
    for (const secret of secrets) {
      const verifier = new Verifier(webhookSecretText(secret));
      assert.deepEqual(verifier.verify(asked.body.toString(), headers as Record<string, string>), JSON.parse(body));
    }
    const stranger = new Verifier(webhookSecretText(randomBytes(32)));
    assert.throws(() => stranger.verify(asked.body.toString(), headers as Record<string, string>));
  });

  for (const status of [200, 301, 400, 410, 429, 500]) {
    it(`tells an answer with ${String(status)}, and how it begins`, async () => {
      const { statusCode, error, responseExcerpt } = await sendTo(answer(status, 'so be it', { location: '/' }));
      assert.deepEqual([statusCode, error, responseExcerpt], [status, null, 'so be it']);
    });
  }

  it('does not follow a redirect', async () => {
    const [target, server] = [await serve(answer(200)), await serve(answer(200))];
    const sent = await sendTo(answer(302, '', { location: target.url }), answer(200));
    assert.deepEqual([sent.statusCode, target.asked, server.asked], [302, [], []]);
  });

  it('tells what Retry-After asks for, in seconds or as a date, and at most a day', async () => {
    const retryAfter = async (value: string) => (await sendTo(answer(429, '', { 'retry-after': value }))).retryAfterMs;
    assert.equal(await retryAfter('120'), 120_000);
    const inAnHour = (await retryAfter(new Date(Date.now() + 3_600_000).toUTCString())) ?? 0;
    assert.ok(inAnHour > 3_590_000 && inAnHour <= 3_600_000, String(inAnHour));
    assert.equal(await retryAfter(new Date(0).toUTCString()), 0);
    assert.equal(await retryAfter('9'.repeat(30)), 86_400_000);
    assert.equal(await retryAfter('soon'), null);
    const twice = await sendTo((response) => {
      response.writeHead(429, [
        ['Retry-After', '60'],
        ['Retry-After', '90'],
      ]);
      response.end();
    });
    assert.equal(twice.retryAfterMs, 90_000);
    assert.equal((await sendTo(answer(503))).retryAfterMs, null);
  });

  it('gives up a receiver that does not answer in time', async () => {
    const quick = createSender({ allowsLocalhost: true, timeoutMs: 50 });
    const { statusCode, error } = await quick(webhookTo((await serve(hang)).url));
    assert.deepEqual([statusCode, error], [null, 'timeout']);
  });

  it('takes the status of a receiver that never ends its answer', async () => {
    const quick = createSender({ allowsLocalhost: true, timeoutMs: 300 });
    const server = await serve((response) => {
      response.writeHead(200).write('and so on');
    });
    const { statusCode, responseExcerpt } = await quick(webhookTo(server.url));
    assert.deepEqual([statusCode, responseExcerpt], [200, 'and so on']);
  });

  it('reads some KB of an endless answer, and breaks it off', async () => {
    const broken = gate();
    let written = 0;
    const flood = (response: ServerResponse) => {
      const chunk = Buffer.alloc(64 * 1024, 'x');
      response.on('close', broken.open);
      const write = () => {
        while (!response.destroyed && written < 2 ** 30) {
          written += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', write);
            return;
          }
        }
      };
      response.writeHead(200);
      write();
    };
    const { statusCode, responseExcerpt } = await sendTo(flood);
    await broken.opened;
    assert.deepEqual([statusCode, responseExcerpt], [200, 'x'.repeat(1_024)]);
    assert.ok(written < 64 * 1024 * 1024, `${String(written)} bytes were written`);
  });

  it('keeps of an answer only what Postgres can: no U+0000, no halves of characters', async () => {
    const sent = await sendTo((response) => {
      response
        .writeHead(500)
        .end(Buffer.concat([Buffer.from('a\0b'), Buffer.from([0xff]), Buffer.from('😀'.repeat(2_000))]));
    });
    assert.equal(sent.responseExcerpt, `a\ufffdb\ufffd${'😀'.repeat(1_020)}`);
  });

  it('names what went wrong in words that tell nothing of the network', async () => {
    const errorOf = async (url: string) => (await send(webhookTo(url))).error;
    assert.equal((await sendTo(cut)).error, 'connection_lost');
    assert.equal(await errorOf('http://127.0.0.1:1/'), 'connection_refused');
    assert.equal(await errorOf((await serve(answer(200))).url.replace('http:', 'https:')), 'tls');
    const nonsense = await serve((response) => {
      response.socket?.end('nonsense\r\n\r\n');
    });
    assert.equal(await errorOf(nonsense.url), 'bad_response');
    const codes = { EHOSTUNREACH: 'unreachable', ENETUNREACH: 'unreachable', ETIMEDOUT: 'timeout', EWHATEVER: 'other' };
    for (const [code, error] of Object.entries(codes)) {
      const { resolve } = noNetwork([publicAddress]);
      const sender = createSender({
        ...{ allowsLocalhost: false, resolve },
        dial: (_, callback) => {
          callback(Object.assign(new Error('10.0.0.1 says no'), { code }), null);
        },
      });
      assert.equal((await sender(webhookTo(exampleUrl))).error, error);
    }
    for (const code of ['ENOTFOUND', 'ECONNREFUSED', 'EWHATEVER']) {
      const resolve = () => Promise.reject(Object.assign(new Error('10.0.0.53 says no'), { code }));
      const sender = createSender({ allowsLocalhost: false, resolve, dial: noNetwork().dial });
      assert.equal((await sender(webhookTo(exampleUrl))).error, 'dns');
    }
  });

  it('rejects with the reason of a signal that is aborted, and takes nothing for an answer then', async () => {
    const reason = new Error('the worker stops');
    const stop = new AbortController();
    const server = await serve(() => {
      stop.abort(reason);
    });
    await assert.rejects(send(webhookTo(server.url), stop.signal), reason);
    await assert.rejects(send(webhookTo(server.url), stop.signal), reason);
    assert.equal(server.asked.length, 1);
  });

  describe('beyond the internet', () => {
    for (const [what, url] of Object.entries(forbiddenUrls)) {
      it(`looks up and dials nothing for ${what}`, async () => {
        const network = noNetwork([publicAddress]);
        const { error } = await createSender({ allowsLocalhost: false, ...network })(webhookTo(url));
        assert.deepEqual([error, network.asked, network.dialled], ['address_not_allowed', [], []]);
      });
    }

    for (const addresses of [
      ['169.254.169.254'],
      ['127.0.0.1'],
      ['10.1.2.3'],
      ['::1'],
      ['::ffff:10.0.0.1'],
      ['64:ff9b::a00:1'],
      ['fe80::1%eth0'],
      [publicAddress, '169.254.169.254'],
      ['not an address'],
      [],
    ]) {
      it(`dials nothing when a name leads to ${addresses.join(' and ') || 'nothing'}`, async () => {
        for (const allowsLocalhost of [false, true]) {
          const network = noNetwork(addresses);
          const { error } = await createSender({ allowsLocalhost, ...network })(webhookTo(exampleUrl));
          assert.deepEqual([error, network.dialled], ['address_not_allowed', []]);
        }
      });
    }

    it('dials the addresses that it looked at, and looks again at each attempt', async () => {
      const network = noNetwork([publicAddress, '9.9.9.9'], ['10.0.0.1']);
      const sender = createSender({ allowsLocalhost: false, ...network });
      assert.equal((await sender(webhookTo(exampleUrl))).error, 'connection_refused');
      assert.equal((await sender(webhookTo(exampleUrl))).error, 'address_not_allowed');
      assert.deepEqual([network.asked.length, network.dialled], [2, [publicAddress, '9.9.9.9']]);
    });

    it('refuses a receiver on this machine that was stored while it was allowed', async () => {
      const server = await serve(answer(200));
      const { error } = await createSender({ allowsLocalhost: false })(webhookTo(server.url));
      assert.deepEqual([error, server.asked], ['address_not_allowed', []]);
    });
  });
});
