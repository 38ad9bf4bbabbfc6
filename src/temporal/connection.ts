import { Client, Connection, type ClientPlugin } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import type { WorkerPlugin } from '@temporalio/worker';
import { dataConverterOf, type CodecKey } from './payload-codec.ts';

/** Where Temporal is, and how it is spoken to. */
export interface TemporalSettings extends ClientConnectConfig {
  /** What it keeps is encrypted with these; null or left out: it is as it is. */
  codecKeys?: readonly [CodecKey, ...CodecKey[]] | null;
  /** What makes spans of calls, workflows and activities; null or left out: nothing. */
  tracing?: (ClientPlugin & WorkerPlugin) | null;
}

/** What clients and workers have alike. */
export const sharedOptionsOf = ({
  codecKeys = null,
  tracing = null,
}: TemporalSettings): { dataConverter?: DataConverter; plugins?: (ClientPlugin & WorkerPlugin)[] } => ({
  ...(codecKeys === null ? {} : { dataConverter: dataConverterOf(codecKeys) }),
  ...(tracing === null ? {} : { plugins: [tracing] }),
});

/**
 * Opens a client on Temporal; nothing is dialled before the first call, so that it can be opened while Temporal is away. Calls
 * are not retried by the SDK: its retries outlive a closed connection, and whoever calls here asks again anyway.
 */
export function openTemporal(settings: TemporalSettings): { temporal: Client; connection: Connection } {
  const { connectionOptions, namespace = 'default' } = settings;
  const connection = Connection.lazy({ ...connectionOptions, interceptors: [] });
  return { connection, temporal: new Client({ connection, namespace, ...sharedOptionsOf(settings) }) };
}
