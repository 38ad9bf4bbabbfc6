// A real Temporal server for a test file, in a folder of its own, that a test may kill and bring back at its address.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import type { ChildServer } from '../../src/embedded/child-server.ts';
import { findTemporal } from '../../src/embedded/find-temporal.ts';
import { startTemporalServer } from '../../src/embedded/temporal-server.ts';
import { openTemporal } from '../../src/temporal/connection.ts';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

export interface TestTemporal {
  /** How API and worker are told where it is. */
  connect: ClientConnectConfig;
  client: Client;
  /** For workers; closed with the server. */
  native: () => Promise<NativeConnection>;
  /** Of the server that runs. */
  pid: () => number;
  /** Kills the server as a crash does; resolves once it is gone. */
  kill: () => Promise<void>;
  /** Starts it again, with its data, where it was. */
  restart: () => Promise<void>;
  /** Kills it and starts it where it was with nothing but the namespace: workers bring the search attributes back. */
  wipe: () => Promise<void>;
  close: () => Promise<void>;
}

/** What kinds of servers do each in its way. */
interface TemporalKind {
  address: string;
  namespace: string;
  server: ChildServer;
  /** Starts it again where it was. */
  start: () => Promise<ChildServer>;
  /** Loses the data of a server that does not run. */
  forget: () => Promise<void>;
  /** Removes all that a server which does not run has left. */
  remove: () => Promise<void>;
}

/** Long enough for where the server has to be built first. */
export const temporalTimeoutMs = 600_000;

export async function startTestTemporal(): Promise<TestTemporal> {
  const quiet = { onProgress: () => undefined };
  const binary = await findTemporal({ env: process.env, ...quiet });
  const dataDir = await makeTemporaryFolder();
  const server = await startTemporalServer({ binary, dataDir, ...quiet });
  const { address, namespace, ports } = server;
  const temporal = testTemporalOf({
    address,
    namespace,
    server,
    start: () => startTemporalServer({ binary, dataDir, ports, ...quiet }),
    forget: () => rm(join(dataDir, 'temporal'), { recursive: true }),
    remove: () => removeTemporaryFolder(dataDir),
  });
  await ensureSearchAttributes(temporal.client.connection, namespace);
  return temporal;
}

export function testTemporalOf({ address, namespace, start, forget, remove, ...first }: TemporalKind): TestTemporal {
  let { server } = first;
  const connect = { connectionOptions: { address }, namespace };
  const { temporal: client, connection } = openTemporal(connect);
  const natives: NativeConnection[] = [];
  const kill = async () => {
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
  };
  return {
    connect,
    client,
    async native() {
      const native = await NativeConnection.connect({ address });
      natives.push(native);
      return native;
    },
    pid: () => server.pid,
    kill,
    async restart() {
      server = await start();
    },
    async wipe() {
      await kill();
      await forget();
      server = await start();
    },
    async close() {
      await Promise.all(natives.map((native) => native.close()));
      await connection.close();
      await server.stop();
      await remove();
    },
  };
}
