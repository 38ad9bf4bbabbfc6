// What rows measure on: one Postgres that really writes to its disk, and processes of Doppel as they run in production.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Knex } from 'knex';
import { closers } from '../src/closers.ts';
import { openDatabase, query } from '../src/db/database.ts';
import { migrate } from '../src/db/migrate.ts';
import { startChildServer, type ChildServer } from '../src/embedded/child-server.ts';
import { freePorts } from '../src/embedded/free-ports.ts';
import { findTemporal } from '../src/embedded/find-temporal.ts';
import { startPostgres } from '../src/embedded/postgres.ts';
import { isListening, startTemporalServer, type EmbeddedTemporal } from '../src/embedded/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../test/support/temporary-folder.ts';
import type { Effort } from './pairs.ts';

export interface Server extends ChildServer {
  url: string;
}

export interface Bench {
  effort: Effort;
  database: Knex;
  databaseUrl: string;
  folder: string;
  /** Starts a process of ours, built. */
  startDoppel: (command: 'api' | 'worker' | 'start', env?: Record<string, string>) => Promise<Server>;
  /** The same, and does not wait until it is ready. */
  spawnDoppel: (command: 'api' | 'worker', env?: Record<string, string>) => Promise<Server>;
  /** Starts what ours is compared with: a module that listens on `PORT` and works on `DATABASE_URL`. */
  startOther: (module: string, env?: Record<string, string>) => Promise<Server>;
  /** Starts the Temporal server of `npm start`, of which our processes are told that start later. */
  startTemporal: () => Promise<EmbeddedTemporal>;
  /** Starts one as it is by default; of this one others are told that start later. */
  startPlainTemporal: () => Promise<ChildServer>;
  /** Has something closed with it, before what was there then. */
  addCloser: (close: () => Promise<void>) => void;
  close: () => Promise<void>;
}

const tree = fileURLToPath(new URL('..', import.meta.url));

export async function openBench(effort: Effort): Promise<Bench> {
  const opened = closers();
  try {
    await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: tree });
    const folder = await makeTemporaryFolder();
    opened.add(() => removeTemporaryFolder(folder));
    const postgres = await startPostgres({ dataDir: folder, onProgress: () => undefined });
    opened.add(postgres.stop);
    const databaseUrl = postgres.connectionString;
    const database = openDatabase(databaseUrl);
    opened.add(() => database.destroy());
    await assertDurable(database);
    await migrate(database);

    let servers = 0;
    let temporalAddress = '127.0.0.1:1'; // nowhere
    const start = async (
      name: string,
      args: readonly string[],
      env: Record<string, string>,
      { waits = true } = {},
    ): Promise<Server> => {
      const { port } = await freePorts(['port']);
      const url = `http://127.0.0.1:${String(port)}`;
      const server = await startChildServer({
        name,
        command: process.execPath,
        args,
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_ENV: 'production',
          PORT: String(port),
          WORKER_PORT: String(port),
          DATABASE_URL: databaseUrl,
          TEMPORAL_ADDRESS: temporalAddress,
          ...env,
        },
        cwd: folder,
        logFile: join(folder, `logs/${name}-${String(servers++)}.log`),
        stopSignal: 'SIGTERM',
        isReady: async () => {
          if (!waits) return true;
          const answer = await fetch(`${url}/readyz`).catch(() => undefined);
          return answer?.ok === true;
        },
        readyWithinMs: 60_000,
      });
      opened.add(server.stop);
      return { ...server, url };
    };
    const main = join(tree, 'dist/src/main.js');
    const ofDoppel = {
      DOPPEL_DATA_DIR: join(folder, 'doppel'),
      SIGNING_KEYS: 'bench:a-secret-of-the-benchmark-that-is-long-enough',
      QUEUED_JOBS_MAX: '10000000',
    };
    return {
      effort,
      database,
      databaseUrl,
      folder,
      startDoppel: (command, env = {}) => start(command, [main, command], { ...ofDoppel, ...env }),
      spawnDoppel: (command, env = {}) => start(command, [main, command], { ...ofDoppel, ...env }, { waits: false }),
      startOther: (module, env = {}) => start(module, [fileURLToPath(new URL(module, import.meta.url))], env),
      async startTemporal() {
        const quiet = { onProgress: () => undefined };
        const binary = await findTemporal({ env: process.env, ...quiet });
        const temporal = await startTemporalServer({ binary, dataDir: folder, ...quiet });
        opened.add(temporal.stop);
        temporalAddress = temporal.address;
        return temporal;
      },
      async startPlainTemporal() {
        const { path } = await findTemporal({ env: process.env, onProgress: () => undefined });
        const { port } = await freePorts(['port']);
        temporalAddress = `127.0.0.1:${String(port)}`;
        const server = await startChildServer({
          name: 'Temporal',
          command: path,
          args: ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)],
          env: { HOME: folder },
          cwd: folder,
          logFile: join(folder, 'logs/plain-temporal.log'),
          stopSignal: 'SIGTERM',
          isReady: () => isListening(port),
          readyWithinMs: 60_000,
        });
        opened.add(server.stop);
        return server;
      },
      addCloser: opened.add,
      close: opened.close,
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** A commit that is not on the disk costs nothing. */
async function assertDurable(database: Knex): Promise<void> {
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    const [row] = await query<{ value: string }>(database, 'select current_setting(:setting) as value', { setting });
    if (row?.value !== 'on') throw new Error(`${setting} is ${String(row?.value)}`);
  }
}

/** Writes a file that a tool reads. */
export async function writeScript({ folder }: Pick<Bench, 'folder'>, name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}
