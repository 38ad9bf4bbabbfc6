import { Client, Connection } from '@temporalio/client';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { dataConverterOf, type CodecKey } from './payload-codec.ts';

/** Where Temporal is, and how what it keeps is written. */
export interface TemporalSettings extends ClientConnectConfig {
  /** Null or left out: as it is. */
  codecKeys?: readonly [CodecKey, ...CodecKey[]] | null;
}

/**
 * Opens a client on Temporal; nothing is dialled before the first call, so that it can be opened while Temporal is away. Calls
 * are not retried by the SDK: its retries outlive a closed connection, and whoever calls here asks again anyway.
 */
export function openTemporal({ connectionOptions, namespace = 'default', codecKeys = null }: TemporalSettings): {
  temporal: Client;
  connection: Connection;
} {
  const connection = Connection.lazy({ ...connectionOptions, interceptors: [] });
  return { connection, temporal: new Client({ connection, namespace, ...dataConverterOf(codecKeys) }) };
}
