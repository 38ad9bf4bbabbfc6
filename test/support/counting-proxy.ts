// A gRPC proxy before Temporal, that counts what is asked for.

import { once } from 'node:events';
import { connect, createServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface CountingProxy {
  address: string;
  /** When a method was called, each time, by the clock that never goes back. */
  callsOf: (method: string) => number[];
  close: () => void;
}

/** Stands before the gRPC server at `host:port`, without TLS. */
export async function startCountingProxy(address: string): Promise<CountingProxy> {
  const calls = new Map<string, number[]>();
  const upstream = connect(`http://${address}`);
  upstream.on('error', () => undefined); // whoever asks is told
  const server = createServer();
  server.on('stream', (near, headers) => {
    const method = String(headers[':path']).split('/').at(-1) ?? '';
    calls.set(method, [...(calls.get(method) ?? []), performance.now()]);
    const far = upstream.request(headers);
    let trailers: IncomingHttpHeaders = {};
    far.on('trailers', (sent) => {
      trailers = sent;
    });
    far.on('response', (sent) => {
      if (near.destroyed) return;
      near.respond(sent, { waitForTrailers: true });
      near.on('wantTrailers', () => {
        near.sendTrailers(trailers);
      });
      far.pipe(near);
    });
    near.pipe(far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => undefined); // the other one is told
      one.on('close', () => {
        if (one.rstCode !== 0) other.close(one.rstCode);
      });
    }
  });
  server.on('session', (session) => {
    session.on('error', () => undefined); // a caller that was killed
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    callsOf: (method) => calls.get(method) ?? [],
    close() {
      upstream.destroy();
      server.close();
    },
  };
}
