import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** A line to a server on this machine that can be cut, as if the server had gone. */
export interface SeverableLine {
  /** The URL of something on the server, through this line. */
  through: (url: string) => string;
  /** Breaks the connections and refuses new ones, until it is mended. */
  cut: () => Promise<void>;
  /** Lets nothing through on the connections that are there, and says nothing of it; new ones work. */
  silence: () => void;
  mend: () => Promise<void>;
}

/** Lays a line to the server of the URL that is asked for through it; `cut` it after use. */
export async function layLine(): Promise<SeverableLine> {
  const sockets = new Set<Socket>();
  let target = { host: '127.0.0.1', port: 0 };
  const server = createServer((near) => {
    const far = connect(target);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined); // the other side is told by the end of its connection
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    through(url) {
      const there = new URL(url);
      target = { host: there.hostname, port: Number(there.port) };
      there.hostname = '127.0.0.1';
      there.port = String(port);
      return there.href;
    },
    async cut() {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
    silence() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend: () => listen(port),
  };
}
