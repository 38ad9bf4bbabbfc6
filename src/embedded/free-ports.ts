import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';

/**
 * Finds TCP ports that nothing listens on at 127.0.0.1.
 * Each is left in TIME_WAIT for a minute, so that the kernel hands it to nobody else before our child listens on it.
 */
export async function freePorts<const Names extends readonly string[]>(
  names: Names,
): Promise<Record<Names[number], number>> {
  const servers = await Promise.all(names.map(listenAnywhere));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(closeIntoTimeWait));
  return Object.fromEntries(names.map((name, index) => [name, ports[index]])) as Record<Names[number], number>;
}

async function listenAnywhere(): Promise<Server> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** The side that closes first keeps the port in TIME_WAIT: it has to be the server's. */
async function closeIntoTimeWait(server: Server): Promise<void> {
  server.on('connection', (socket) => socket.end());
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('end', () => client.end());
  client.resume();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
}
