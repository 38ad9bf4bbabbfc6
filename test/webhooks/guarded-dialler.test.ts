import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dialWith, type Dial } from '../../src/webhooks/guarded-dialler.ts';
import { createSender, type Sent } from '../../src/webhooks/send-webhook.ts';
import { makeCertificate } from '../support/certificate.ts';
import { answer, startScriptedServer } from '../support/scripted-server.ts';

const webhookTo = (url: string) => ({ id: 'evt_1', url, at: new Date(), body: '{}', secrets: [randomBytes(32)] });
const [first, second, third] = ['8.8.8.8', '9.9.9.9', '2606:4700:4700::1111'];

describe('dialling a receiver', () => {
  describe('with several addresses', () => {
    /** Dials nothing, and tells of each address what it is to fail with. */
    const sendWith = async (addresses: readonly string[], dial: Dial, url = 'https://hooks.example.com/') =>
      createSender({ allowsLocalhost: true, timeoutMs: 1_000, resolve: () => Promise.resolve(addresses), dial })(
        webhookTo(url),
      );
    const failing = (codes: Record<string, string>, dialled: string[]): Dial => {
      return ({ hostname }, callback) => {
        dialled.push(hostname);
        callback(Object.assign(new Error('no'), { code: codes[hostname] }), null);
      };
    };

    it('tries one after the other until one answers', async () => {
      const server = await startScriptedServer(answer(200));
      try {
        const dialled: string[] = [];
        const port = new URL(server.url).port;
        const toServer: Dial = (options, callback) => {
          dialled.push(options.hostname);
          if (options.hostname !== third) callback(new Error('dead'), null);
          else dialWith()({ ...options, protocol: 'http:', hostname: '127.0.0.1', port }, callback);
        };
        const { statusCode, error } = await sendWith([first, second, third], toServer);
        assert.deepEqual([statusCode, error, dialled], [200, null, [first, second, third]]);
      } finally {
        await server.close();
      }
    });

    it('tells what the first one failed with, and tries four at most', async () => {
      const dialled: string[] = [];
      const codes = { [first]: 'ECONNREFUSED', [second]: 'ENETUNREACH' };
      const { error } = await sendWith([first, second, ...Array<string>(5).fill('1.1.1.1')], failing(codes, dialled));
      assert.deepEqual([error, dialled.length], ['connection_refused', 4]);
    });

    it('gives each half of the time that is left, and the last one all of it', async () => {
      const given: number[] = [];
      await sendWith([first, second, third], ({ timeoutMs }, callback) => {
        given.push(Math.round(timeoutMs / 100) / 10);
        callback(new Error('dead'), null);
      });
      assert.deepEqual(given, [2.5, 2.5, 5]); // they failed at once: no time has gone
    });

    it('dials this machine as localhost where that is allowed, and asks nobody where it is', async () => {
      const dialled: string[] = [];
      const { error } = await createSender({
        allowsLocalhost: true,
        resolve: () => assert.fail('it was looked up'),
        dial: failing({ '127.0.0.1': 'ECONNREFUSED' }, dialled),
      })(webhookTo('http://localhost:1/'));
      assert.deepEqual([error, dialled], ['connection_refused', ['127.0.0.1', '::1']]);
    });

    it('takes what the dialler throws for a failure', async () => {
      const { error, durationMs } = await sendWith([first], () => {
        throw new Error('bad options');
      });
      assert.equal(error, 'other');
      assert.ok(durationMs < 900, String(durationMs));
    });
  });

  describe('over TLS', () => {
    let server: Server;
    let names: unknown[];
    let send: (host: string) => Promise<Sent>;
    before(async () => {
      const { key, cert } = makeCertificate('hooks.example.com');
      server = createServer({ key, cert }, (request, response) => {
        names.push(Reflect.get(request.socket, 'servername'));
        response.end('so be it');
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const dial = dialWith({ ca: cert });
      const sender = createSender({
        allowsLocalhost: false,
        timeoutMs: 4_000,
        resolve: () => Promise.resolve([first]),
        dial: (options, callback) => {
          dial({ ...options, hostname: '127.0.0.1' }, callback);
        },
      });
      send = (host) => sender(webhookTo(`https://${host}:${String(port)}/`));
    });
    after(async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    });
    beforeEach(() => {
      names = [];
    });

    it('asks for the name, and takes the certificate that is for it', async () => {
      const { statusCode, responseExcerpt } = await send('hooks.example.com');
      assert.deepEqual([statusCode, responseExcerpt, names], [200, 'so be it', ['hooks.example.com']]);
    });

    for (const host of ['other.example.com', first]) {
      it(`sends nothing to ${host}, which the certificate is not for`, async () => {
        const { statusCode, error } = await send(host);
        assert.deepEqual([statusCode, error, names], [null, 'tls', []]);
      });
    }

    it('sends nothing to one whose certificate nobody trusts', async () => {
      const { port } = server.address() as AddressInfo;
      const dial: Dial = (options, callback) => {
        dialWith()({ ...options, hostname: '127.0.0.1' }, callback);
      };
      const sender = createSender({ allowsLocalhost: false, resolve: () => Promise.resolve([first]), dial });
      const { error } = await sender(webhookTo(`https://hooks.example.com:${String(port)}/`));
      assert.deepEqual([error, names], ['tls', []]);
    });
  });
});
