// Doppel in the shape of docker-compose.yml, as processes of this machine: Temporal on Postgres, Postgres, S3, two APIs behind a proxy, and
// three workers, all of what `npm run build` has made.

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Knex } from 'knex';
import { closers } from '../../src/closers.ts';
import { openDatabase } from '../../src/db/database.ts';
import { startChildServer, type ChildServer } from '../../src/embedded/child-server.ts';
import { freePorts } from '../../src/embedded/free-ports.ts';
import { startPostgres } from '../../src/embedded/postgres.ts';
import { openStorage } from '../../src/storage/open-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { makeVersionCurrent } from '../../src/temporal/worker-versions.ts';
import { startTemporalOnPostgres } from '../faults/servers/temporal-on-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { installFromGo } from '../support/install-from-go.ts';
import { startTestS3 } from '../support/s3-server.ts';
import { startScriptedServer } from '../support/scripted-server.ts';
import type { TestTemporal } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';

/** A process of Doppel. */
interface Member {
  name: string;
  /** Stops it in order and starts it again; rejects when it does not stop by itself. */
  restart: () => Promise<void>;
  /** Resolves when it has ended, with a phrase that says how. */
  exited: () => Promise<string>;
  /** All that it has logged, before it was started again too. */
  log: () => Promise<string>;
  /** What it tells Prometheus now. */
  metrics: () => Promise<string>;
}

export interface Cluster {
  /** Of the proxy. */
  url: string;
  database: Knex;
  storage: Storage;
  temporal: TestTemporal;
  apis: readonly Member[];
  /** Of all versions. */
  workers: readonly Member[];
  /** All spans that were sent, as they were. */
  traces: () => Buffer;
  /** What its processes know and nobody is told. */
  secrets: readonly string[];
  /** Starts three workers of a version and has what begins from now on begin on it. */
  release: (buildId: string) => Promise<void>;
  close: () => Promise<void>;
}

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
const apiNames = ['api1', 'api2'] as const;
const workersOfVersion = 3;

/** Starts all of it, with the version `1` of the workers. Building its servers takes minutes where it is done for the first time. */
export async function startCluster(): Promise<Cluster> {
  const caddy = await installFromGo('Caddy', 'github.com/caddyserver/caddy/v2/cmd/caddy', '2.10.2');
  const folder = await makeTemporaryFolder();
  const opened = closers();
  opened.add(() => removeTemporaryFolder(folder));
  try {
    const temporal = await startTemporalOnPostgres({
      // A version is drained minutes after its last job otherwise.
      dynamicConfig: {
        'matching.wv.VersionDrainageStatusVisibilityGracePeriod': '5s',
        'matching.wv.VersionDrainageStatusRefreshInterval': '5s',
      },
    });
    opened.add(temporal.close);
    const postgres = await startPostgres({ dataDir: folder, onProgress: () => undefined });
    opened.add(postgres.stop);
    const s3 = await startTestS3();
    opened.add(s3.close);
    const collector = await startScriptedServer((response) => void response.end());
    opened.add(collector.close);
    const ports = await freePorts(['proxy', ...apiNames]);
    const signingSecret = 'a-secret-of-the-cluster-that-is-long-enough';
    const url = `http://127.0.0.1:${String(ports.proxy)}`;
    const env = {
      HOME: folder,
      NODE_ENV: 'production',
      DATABASE_URL: postgres.connectionString,
      TEMPORAL_ADDRESS: temporal.connect.connectionOptions.address ?? '',
      ...s3.environment,
      PUBLIC_URL: url,
      SIGNING_KEYS: `1:${signingSecret}`,
      PROXY_HOPS: '1',
      DRAIN_SECONDS: '3',
      WEBHOOKS_ALLOW_LOCALHOST: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    };
    await promisify(execFile)(process.execPath, [main, 'migrate'], { cwd: folder, env });

    const startMember = async (
      command: 'api' | 'worker',
      { name, port, ...own }: { name: string; port: number; WORKER_BUILD_ID?: string },
    ): Promise<Member> => {
      const logFile = join(folder, 'logs', `${name}.log`);
      const { metrics: metricsPort } = await freePorts(['metrics']);
      const start = (): Promise<ChildServer> =>
        startChildServer({
          name,
          command: process.execPath,
          args: [main, command],
          env: { ...env, ...own, PORT: String(port), WORKER_PORT: String(port), METRICS_PORT: String(metricsPort) },
          cwd: folder,
          logFile,
          stopSignal: 'SIGTERM',
          isReady: () => isReady(port),
          readyWithinMs: 60_000,
        });
      let running = await start();
      opened.add(() => running.stop());
      return {
        name,
        async restart() {
          await running.stop();
          running = await start();
        },
        exited: () => running.exited,
        log: () => readFile(logFile, 'utf8'),
        metrics: async () => (await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`)).text(),
      };
    };

    const apis = await Promise.all(apiNames.map((name) => startMember('api', { name, port: ports[name] })));
    const workers: Member[] = [];
    const release = async (buildId: string) => {
      const names = Array.from({ length: workersOfVersion }, (_, index) => `worker-${buildId}-${String(index + 1)}`);
      const own = await freePorts(names);
      workers.push(
        ...(await Promise.all(
          names.map((name) => startMember('worker', { name, port: own[name] ?? 0, WORKER_BUILD_ID: buildId })),
        )),
      );
      // Temporal has to have heard of its workers on each queue.
      const place = { connection: temporal.client.connection, namespace: 'default' };
      await eventually(`${buildId} is current`, () => makeVersionCurrent(place, buildId).then(() => true));
    };
    await release('1');

    const proxy = await startProxy({ caddy, folder, port: ports.proxy, to: apiNames.map((name) => ports[name]) });
    opened.add(proxy.stop);
    const database = openDatabase(postgres.connectionString, { poolMax: 4 });
    opened.add(() => database.destroy());
    const { storage, close: closeStorage } = await openStorage(s3.settings);
    opened.add(closeStorage);
    const secrets = [
      signingSecret,
      new URL(postgres.connectionString).password,
      s3.environment['AWS_SECRET_ACCESS_KEY'] ?? '',
    ];
    return {
      ...{ url, database, storage, temporal, apis, workers, secrets, release },
      ...{ traces: () => Buffer.concat(collector.asked.map(({ body }) => body)), close: opened.close },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Gives a request to an API that says that it is ready, as it does in docker-compose.yml; it looks twice a second. */
async function startProxy({
  caddy,
  folder,
  port,
  to,
}: {
  caddy: string;
  folder: string;
  port: number;
  to: readonly number[];
}): Promise<ChildServer> {
  const config = join(folder, 'Caddyfile');
  await writeFile(
    config,
    `{
  admin off
  auto_https off
}
http://127.0.0.1:${String(port)} {
  bind 127.0.0.1
  respond /internal/* 404
  reverse_proxy ${to.map((one) => `127.0.0.1:${String(one)}`).join(' ')} {
    health_uri /readyz
    health_interval 500ms
    lb_try_duration 5s
    flush_interval -1
  }
}
`,
  );
  return startChildServer({
    name: 'Caddy',
    command: caddy,
    args: ['run', '--config', config, '--adapter', 'caddyfile'],
    env: { HOME: folder },
    cwd: folder,
    logFile: join(folder, 'logs', 'caddy.log'),
    stopSignal: 'SIGTERM',
    isReady: () => isReady(port),
    readyWithinMs: 30_000,
  });
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${String(port)}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
