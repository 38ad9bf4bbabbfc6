// A real Temporal server for a test file, in a folder of its own, that a test may kill and bring back at its address.

import type { Client } from '@temporalio/client';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { findTemporal } from '../../src/embedded/find-temporal.ts';
import { startTemporalServer, type EmbeddedTemporal } from '../../src/embedded/temporal-server.ts';
import { openTemporal } from '../../src/temporal/connection.ts';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from './temporary-folder.ts';

export interface TestTemporal {
  /** How API and worker are told where it is. */
  connect: ClientConnectConfig;
  client: Client;
  /** For workers; closed with the server. */
  native: () => Promise<NativeConnection>;
  /** Kills the server as a crash does; resolves once it is gone. */
  kill: () => Promise<void>;
  /** Starts it again, with its data, where it was. */
  restart: () => Promise<void>;
  close: () => Promise<void>;
}

/** Long enough for where the server has to be built first. */
export const temporalTimeoutMs = 600_000;

export async function startTestTemporal(): Promise<TestTemporal> {
  const quiet = { onProgress: () => undefined };
  const binary = await findTemporal({ env: process.env, ...quiet });
  const dataDir = await makeTemporaryFolder();
  let server: EmbeddedTemporal = await startTemporalServer({ binary, dataDir, ...quiet });
  const { address, namespace, ports } = server;
  const connect = { connectionOptions: { address }, namespace };
  const { temporal: client, connection } = openTemporal(connect);
  await ensureSearchAttributes(connection, namespace);
  const natives: NativeConnection[] = [];
  return {
    connect,
    client,
    async native() {
      const native = await NativeConnection.connect({ address });
      natives.push(native);
      return native;
    },
    async kill() {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
    },
    async restart() {
      server = await startTemporalServer({ binary, dataDir, ports, ...quiet });
    },
    async close() {
      await Promise.all(natives.map((native) => native.close()));
      await connection.close();
      await server.stop();
      await removeTemporaryFolder(dataDir);
    },
  };
}
