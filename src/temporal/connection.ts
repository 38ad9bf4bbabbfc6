import { Client, Connection } from '@temporalio/client';
import type { ClientConnectConfig } from '@temporalio/envconfig';

/**
 * Opens a client on Temporal; nothing is dialled before the first call, so that it can be opened while Temporal is away. Calls
 * are not retried by the SDK: its retries outlive a closed connection, and whoever calls here asks again anyway.
 */
export function openTemporal({ connectionOptions, namespace = 'default' }: ClientConnectConfig): {
  temporal: Client;
  connection: Connection;
} {
  const connection = Connection.lazy({ ...connectionOptions, interceptors: [] });
  return { connection, temporal: new Client({ connection, namespace }) };
}
