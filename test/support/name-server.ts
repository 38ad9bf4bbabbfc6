// A DNS server on this machine, to see what becomes of names that nobody answers for.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';

export interface NameServer {
  /** As a `Resolver` takes it. */
  address: string;
  close: () => Promise<void>;
}

/** What a name has; null: a question for it is never answered. Names that are not given do not exist. */
type Names = Readonly<Record<string, { ipv4: readonly string[] | null; ipv6: readonly string[] | null }>>;

export async function startNameServer(names: Names): Promise<NameServer> {
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
      labels.push(message.subarray(at + 1, at + 1 + length).toString());
      at += 1 + length;
    }
    const type = message.readUInt16BE(at + 1);
    const known = names[labels.join('.')];
    const addresses = known === undefined ? [] : type === 1 ? known.ipv4 : known.ipv6;
    if (addresses === null) return;
    const head = Buffer.alloc(12);
    message.copy(head, 0, 0, 2);
    head.writeUInt16BE(known === undefined ? 0x8183 : 0x8180, 2); // an answer: there is no such name, or there is
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(addresses.length, 6);
    const records = addresses.map((text) => recordOf(type, text));
    socket.send(Buffer.concat([head, message.subarray(12, at + 5), ...records]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${String(socket.address().port)}`,
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** A record of the name that was asked for, good for a minute. */
function recordOf(type: number, address: string): Buffer {
  const bytes = isIPv4(address)
    ? Buffer.from(address.split('.').map(Number))
    : Buffer.from(address.split(':').join(''), 'hex'); // written out
  const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length]);
  return Buffer.concat([head, bytes]);
}
