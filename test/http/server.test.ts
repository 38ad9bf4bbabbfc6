import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { openServer, type HttpServer } from '../../src/http/server.ts';
import { gate } from '../support/gate.ts';

const here = { host: '127.0.0.1', port: 0 };
const answer = (text: string) => (_: unknown, response: ServerResponse) => response.end(text);
const textOf = async (url: string) => (await fetch(url)).text();

describe('the server', () => {
  const servers: HttpServer[] = [];
  const open = async (...parts: Parameters<typeof openServer>) => {
    const server = await openServer(...parts);
    servers.push(server);
    return server;
  };
  after(() => Promise.all(servers.map((server) => server.close(0))));

  it('listens at once, and hands requests to whoever serves now', async () => {
    const server = await open(here, answer('starting'));
    assert.equal(await textOf(server.url), 'starting');
    server.serve(answer('started'));
    assert.equal(await textOf(server.url), 'started');
  });

  it('tells a URL that opens it', async () => {
    assert.match((await open(here, answer(''))).url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    const everywhere = await open({ host: '0.0.0.0', port: 0 }, answer('everywhere'));
    assert.match(everywhere.url, /^http:\/\/localhost:[1-9]\d*$/);
    assert.equal(await textOf(everywhere.url), 'everywhere');
  });

  it('rejects with the system’s error when its port is taken', async () => {
    const { url } = await open(here, answer(''));
    await assert.rejects(openServer({ ...here, port: Number(new URL(url).port) }, answer('')), { code: 'EADDRINUSE' });
  });

  describe('is not held up', () => {
    /** Writes pieces to a new connection, one every `everyMs`, and gives what came back until it was closed. */
    const exchange = async (url: string, pieces: Iterable<string>, everyMs = 0): Promise<string> => {
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      let received = '';
      socket.on('data', (bytes) => (received += bytes.toString()));
      socket.on('error', () => undefined); // the server has closed, and that is what is waited for
      const closed = once(socket, 'close');
      for (const piece of pieces) {
        if (socket.destroyed) break;
        socket.write(piece);
        if (everyMs > 0) await delay(everyMs);
      }
      await closed;
      return received;
    };
    const soon = { headersTimeout: 100, requestTimeout: 200, keepAliveTimeout: 100, connectionsCheckingInterval: 20 };
    function* slowly(start: string, letter: string): Generator<string> {
      yield start;
      for (let i = 0; i < 200; i++) yield letter;
    }
    const short = /^HTTP\/1\.1 (\d{3}) [A-Za-z ]+\r\nConnection: close\r\n\r\n$/;

    it('by headers that come letter by letter', async () => {
      const server = await open(here, answer('late'), soon);
      const received = await exchange(server.url, slowly('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'x'), 10);
      assert.equal(short.exec(received)?.[1], '408');
    });

    it('by a body that comes letter by letter', async () => {
      let ended: string | undefined;
      const server = await open(
        here,
        (request, response) => {
          request.on('error', (error) => (ended = error.message)).resume();
          request.on('end', () => response.end('late'));
        },
        soon,
      );
      const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n';
      const received = await exchange(server.url, slowly(head, 'x'), 10);
      assert.equal(short.exec(received)?.[1], '408');
      assert.equal(ended, 'aborted');
    });

    it('by a connection on which nothing comes', async () => {
      const server = await open(here, answer('here'), soon);
      const received = await exchange(server.url, ['GET / HTTP/1.1\r\nHost: x\r\n\r\n']);
      assert.match(received, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhere$/);
    });

    it('by what is no HTTP, which gets a short answer and no stack', async () => {
      const server = await open(here, answer('taken'), soon);
      for (const [status, sent] of [
        ['400', 'nonsense\r\n\r\n'],
        ['400', 'GET / HTTP/1.1\r\n\r\n'],
        ['400', 'GET / HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n'],
        ['400', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
        ['431', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`],
        ['431', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
      ] as const) {
        const received = await exchange(server.url, [sent]);
        assert.match(received, new RegExp(`^HTTP/1\\.1 ${status} `), sent.slice(0, 60));
        assert.ok(received.length < 300);
        assert.doesNotMatch(received, /taken|Error|\.[jt]s/);
      }
    });
  });

  describe('when it closes', () => {
    it('answers what is under way, takes nothing new, and is done as soon as that is answered', async () => {
      const started = gate();
      const release = gate();
      const server = await open(here, (_, response) => {
        started.open();
        void release.opened.then(() => response.end('done'));
      });
      const agent = new Agent(); // keeps its connection alive, as callers do
      const underWay = request(server.url, { dispatcher: agent });
      await started.opened;
      const closing = server.close();
      await assert.rejects(fetch(server.url));
      const releasedAt = performance.now();
      release.open();
      const { statusCode, body } = await underWay;
      assert.deepEqual([statusCode, await body.text()], [200, 'done']);
      await closing;
      assert.ok(performance.now() - releasedAt < 2_500, 'it waited for a connection that nobody used');
      await agent.close();
    });

    it('waits for nobody who keeps a connection open for later', async () => {
      const server = await open(here, answer(''));
      const agent = new Agent();
      await (await request(server.url, { dispatcher: agent })).body.text();
      const startedAt = performance.now();
      await server.close();
      assert.ok(performance.now() - startedAt < 2_500);
      await agent.close();
    });

    it('cuts what takes longer than it may', async () => {
      const started = gate();
      const server = await open(here, () => {
        started.open(); // and never answers
      });
      const hanging = assert.rejects(fetch(server.url));
      await started.opened;
      await server.close(50);
      await hanging;
    });

    it('may be told so twice', async () => {
      const server = await open(here, answer(''));
      await Promise.all([server.close(), server.close()]);
      await server.close();
      const { port } = new URL(server.url);
      const next = createServer().listen(Number(port), '127.0.0.1');
      await once(next, 'listening');
      next.close();
    });
  });
});
