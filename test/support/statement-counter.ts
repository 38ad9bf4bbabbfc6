// Stands between a process and Postgres, and counts round trips: what the process waits for, whatever is asked in it.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

export interface StatementCounter {
  /** Where Postgres is, through it. */
  databaseUrl: string;
  roundTrips: () => number;
  close: () => void;
}

const sync = 'S'.charCodeAt(0);
const simpleQuery = 'Q'.charCodeAt(0);

/** Counts what is asked by the messages that Postgres answers as a whole ([protocol](https://www.postgresql.org/docs/current/protocol-flow.html)). */
export async function countStatements(databaseUrl: string): Promise<StatementCounter> {
  const postgres = new URL(databaseUrl);
  let roundTrips = 0;
  const server = createServer((near) => {
    const far = connect(Number(postgres.port), postgres.hostname);
    let unread = Buffer.alloc(0);
    let isStarted = false;
    near.on('data', (data: Buffer) => {
      far.write(data);
      unread = Buffer.concat([unread, data]);
      for (;;) {
        // The first message has no type.
        const start = isStarted ? 1 : 0;
        if (unread.length < start + 4) return;
        const end = start + unread.readInt32BE(start);
        if (unread.length < end) return;
        if (isStarted && [sync, simpleQuery].includes(unread[0] ?? 0)) roundTrips++;
        isStarted = true;
        unread = unread.subarray(end);
      }
    });
    far.pipe(near);
    near.on('error', () => undefined).on('close', () => far.destroy());
    far.on('error', () => undefined).on('close', () => near.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const through = new URL(databaseUrl);
  through.port = String((server.address() as AddressInfo).port);
  return {
    databaseUrl: through.href,
    roundTrips: () => roundTrips,
    close: () => server.close(),
  };
}
