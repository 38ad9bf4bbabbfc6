// Temporal as it is run in production, on a Postgres of its own, and with faults of its own between the two if they are asked for:
// https://github.com/temporalio/temporal, built from Go's modules.

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { msToTs } from '@temporalio/common/lib/time.js';
import { Client } from 'pg';
import { startChildServer } from '../../../src/embedded/child-server.ts';
import { freePorts } from '../../../src/embedded/free-ports.ts';
import { startPostgres, type EmbeddedPostgres } from '../../../src/embedded/postgres.ts';
import { openTemporal } from '../../../src/temporal/connection.ts';
import { installFromGo } from '../../support/install-from-go.ts';
import { testTemporalOf, type TestTemporal } from '../../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../../support/temporary-folder.ts';
import type { PersistenceFaults } from './persistence-faults.ts';
import { portNames, serverConfig } from './temporal-config.ts';

const version = '1.29.1';
const namespace = 'default';
const schemas = { temporal: 'temporal', temporal_visibility: 'visibility' };

interface Settings {
  faults?: PersistenceFaults;
  /** Beside what Doppel asks of every Temporal. */
  dynamicConfig?: Readonly<Record<string, string>>;
}

/** Starts it with the namespace `default`; no search attributes, which workers bring. */
export async function startTemporalOnPostgres({ faults, dynamicConfig = {} }: Settings = {}): Promise<
  TestTemporal & { metricsUrl: string }
> {
  const command = await installFromGo('Temporal server', 'go.temporal.io/server/cmd/server', version);
  const sqlTool = await installFromGo('Temporal server', 'go.temporal.io/server/cmd/tools/sql', version);
  const folder = await makeTemporaryFolder();
  const postgres = await startPostgres({ dataDir: folder, onProgress: () => undefined });
  const database = new URL(postgres.connectionString);
  const ports = await freePorts(portNames);
  const address = `127.0.0.1:${String(ports.frontend)}`;
  // JSON, which is YAML too.
  await mkdir(join(folder, 'config'));
  const dynamicConfigFile = join(folder, 'config/dynamic.yaml');
  const values = {
    'matching.enableFairness': true,
    'history.workflowTaskRetryMaxInterval': '20s',
    ...dynamicConfig,
  };
  const constrained = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [{ value }]]));
  await writeFile(dynamicConfigFile, JSON.stringify(constrained));
  const config = serverConfig({ database, ports, dynamicConfigFile, faults });
  await writeFile(join(folder, 'config/development.yaml'), JSON.stringify(config), { mode: 0o600 });

  const start = () =>
    startChildServer({
      name: 'Temporal on Postgres',
      command,
      args: ['--root', folder, '--allow-no-auth', 'start'],
      env: { HOME: folder },
      cwd: folder,
      logFile: join(folder, 'logs/temporal.log'),
      stopSignal: 'SIGTERM',
      isReady: () => hasNamespace(address),
      readyWithinMs: 120_000,
    });
  const setUp = async () => {
    const env = { SQL_PLUGIN: 'postgres12', SQL_USER: database.username, SQL_PASSWORD: database.password };
    const at = ['--endpoint', database.hostname, '--port', database.port];
    for (const [name, schema] of Object.entries(schemas)) {
      const run = (...args: string[]) => promisify(execFile)(sqlTool, [...at, '--database', name, ...args], { env });
      await run('create-database');
      await run('setup-schema', '--version', '0.0');
      await run('update-schema', '--schema-name', `postgresql/v12/${schema}`);
    }
    // A smallint, which only takes ports below those that the kernel gives.
    await query(postgres, 'temporal', 'alter table cluster_membership alter rpc_port type integer');
  };
  const remove = async () => {
    await postgres.stop();
    await removeTemporaryFolder(folder);
  };
  const server = await setUp()
    .then(start)
    .catch(async (error: unknown) => {
      await remove();
      throw error;
    });
  const temporal = testTemporalOf({
    ...{ address, namespace, server, start, remove },
    async forget() {
      for (const name of Object.keys(schemas)) await query(postgres, 'postgres', `drop database ${name} with (force)`);
      await setUp();
    },
  });
  return { ...temporal, metricsUrl: `http://127.0.0.1:${String(ports.metrics)}/metrics` };
}

/** Whether workflows can be started in the namespace, which is registered if need be. */
async function hasNamespace(address: string): Promise<boolean> {
  const { connection } = openTemporal({ connectionOptions: { address } });
  const { workflowService } = connection;
  try {
    await connection.withDeadline(Date.now() + 5_000, async () => {
      await workflowService.listWorkflowExecutions({ namespace, pageSize: 1 }).catch(async (error: unknown) => {
        await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('7 days') });
        throw error; // services learn of it in a moment
      });
    });
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

async function query({ connectionString }: EmbeddedPostgres, database: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: new URL(`/${database}`, connectionString).href });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
