import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Opens a connection of bytes to a server, and collects what comes, as Latin-1. */
export async function openConnection(url: string): Promise<{ socket: Socket; received: () => string }> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => (received += text));
  socket.on('error', () => undefined); // the server may close while it is still written to
  await once(socket, 'connect');
  return { socket, received: () => received };
}

/** Sends bytes as they stand, on a connection of their own, and gives all that was answered until the server closed it. */
export async function exchange(url: string, bytes: string | Uint8Array, { thenEnds = false } = {}): Promise<string> {
  const { socket, received } = await openConnection(url);
  const closed = once(socket, 'close');
  socket.once('end', () => socket.destroy());
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  if (thenEnds) socket.end();
  await closed;
  return received();
}

/** The statuses of answers on a connection, in their order. */
export const statusesOf = (answers: string): number[] =>
  [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
