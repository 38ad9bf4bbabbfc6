// The Temporal server of a start without TEMPORAL_ADDRESS: the real one, in its development form, on a file, with its UI.
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { EarlyExit, startChildServer, type ChildServer, type OnSpawn } from './child-server.ts';
import type { TemporalBinary } from './find-temporal.ts';
import { freePorts } from './free-ports.ts';
import { StartError } from '../start-error.ts';

type TemporalPorts = { readonly frontend: number; readonly ui: number };

export type StartTemporalServerOptions = {
  readonly binary: TemporalBinary;
  readonly dataDir: string;
  readonly onProgress: (message: string) => void;
  /** Registered at the start: name → type, such as `{ ProjectId: 'Keyword' }`. */
  readonly searchAttributes?: Readonly<Record<string, string>> | undefined;
  /** Fixed ones, so that a server comes back at its address; free ones if not given. */
  readonly ports?: TemporalPorts | undefined;
  readonly onSpawn?: OnSpawn | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type EmbeddedTemporal = ChildServer & {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  readonly ports: TemporalPorts;
};

const namespace = 'default';
const readyWithinMs = 60_000;

// A commit then waits for no disk. What a power cut takes with it is started again from Postgres.
const sqlitePragmas = { journal_mode: 'WAL', synchronous: 'NORMAL' };

// The server's defaults are for clusters with thousands of shards; with one shard they hold each hand-off of a task for up
// to 50 ms and refuse bursts. Names and defaults: common/dynamicconfig/constants.go of temporalio/temporal.
const dynamicConfig = {
  'history.transferProcessorMaxPollRPS': 2_000,
  'history.timerProcessorMaxPollRPS': 2_000,
  'history.visibilityProcessorMaxPollRPS': 2_000,
  'history.rps': 50_000,
  'matching.rps': 50_000,
  'frontend.rps': 50_000,
  'frontend.namespaceRPS': 50_000,
  'frontend.namespaceRPS.visibility': 1_000,
  'frontend.namespaceCount': 20_000,
  'matching.enableFairness': true,
  // A workflow task that was lost with its worker three times is waited for longer and longer, up to ten minutes: a job would stand
  // still for as long when workers crash one after another.
  'history.workflowTaskRetryMaxInterval': '"20s"',
};

/** Starts the data folder's Temporal server with the namespace `default`; throws a `StartError`. */
export async function startTemporalServer(options: StartTemporalServerOptions): Promise<EmbeddedTemporal> {
  const { binary, dataDir, onProgress } = options;
  const folder = join(dataDir, 'temporal');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await refuseOtherVersion(folder, binary);
  onProgress('Starting the Temporal server …');
  const versionFile = versionFileOf(folder);

  let triesLeft = options.ports === undefined ? 2 : 1;
  for (;;) {
    const free = await freePorts(['frontend', 'ui', 'http', 'metrics']);
    const ports = { frontend: free.frontend, ui: free.ui, ...options.ports };
    const address = `127.0.0.1:${String(ports.frontend)}`;
    try {
      const server = await startChildServer({
        name: 'Temporal',
        command: binary.path,
        args: [
          ...['server', 'start-dev', '--ip', '127.0.0.1', '--namespace', namespace],
          ...['--port', String(ports.frontend), '--ui-port', String(ports.ui)],
          ...['--http-port', String(free.http), '--metrics-port', String(free.metrics)],
          ...['--db-filename', join(folder, 'temporal.db'), '--log-level', 'warn'],
          ...flags('--sqlite-pragma', sqlitePragmas),
          ...flags('--dynamic-config-value', dynamicConfig),
          ...flags('--search-attribute', options.searchAttributes ?? {}),
        ],
        // A user's own Temporal profiles and TEMPORAL_… variables are for clients: none of them reaches the server.
        env: { HOME: folder },
        cwd: folder,
        logFile: join(dataDir, 'logs/temporal.log'),
        stopSignal: 'SIGTERM',
        isReady: async () => (await isListening(ports.ui)) && (await hasNamespace(ports.frontend, address)),
        readyWithinMs,
        onSpawn: options.onSpawn,
        signal: options.signal,
      });
      await writeFile(versionFile, `${binary.serverVersion}\n`);
      return { ...server, address, namespace, ports, uiUrl: `http://127.0.0.1:${String(ports.ui)}` };
    } catch (error) {
      // The server picks further ports itself, and one of them may be taken before it listens.
      if (!(error instanceof EarlyExit) || --triesLeft === 0) throw error;
      await delay(200);
    }
  }
}

const flags = (flag: string, values: Readonly<Record<string, string | number | boolean>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${String(value)}`]);

const versionFileOf = (folder: string) => join(folder, 'server-version');

/** The development server makes its tables once and never migrates them. */
async function refuseOtherVersion(folder: string, { serverVersion }: TemporalBinary): Promise<void> {
  const made = await readFile(versionFileOf(folder), 'utf8').catch(() => undefined);
  if (made === undefined) {
    await removeUnfinished(folder);
  } else if (minorOf(made) !== minorOf(serverVersion)) {
    throw new StartError(
      `The workflows in ${folder} were written by Temporal server ${made.trim()} and this is ${serverVersion}, which does not read them: ` +
        `put a temporal of that server version on PATH, or move them away with "mv ${folder} ${folder}-${made.trim()}"; jobs that are still running then start anew.`,
    );
  }
}

const minorOf = (version: string) => version.trim().split('.').slice(0, 2).join('.');

/** A first start that was killed may have left half of its tables, and nothing else. */
async function removeUnfinished(folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((file) => file.startsWith('temporal.db'));
  await Promise.all(files.map((file) => rm(join(folder, file))));
}

async function hasNamespace(port: number, address: string): Promise<boolean> {
  // gRPC waits a second after a refused connection: ask it only once something listens.
  if (!(await isListening(port))) return false;
  const connection = Connection.lazy({ address });
  try {
    await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

/** Whether something listens on this port of 127.0.0.1. */
export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
