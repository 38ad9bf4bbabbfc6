// Everything in one process, for a laptop, a demo and tests: Postgres and Temporal are real servers of our own where the
// environment names no others, and API and worker are the ones that production runs.

import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import { v7 as newId } from 'uuid';
import { startApi } from './api.ts';
import { all } from './all.ts';
import type { Closers } from './closers.ts';
import { parseKeys, type Config } from './config.ts';
import { openDatabase } from './db/database.ts';
import { migrate } from './db/migrate.ts';
import { ensureDemo } from './demo-data.ts';
import type { Demo } from './demo-file.ts';
import type { RendererName } from './domain/shots.ts';
import { findTemporal } from './embedded/find-temporal.ts';
import { claimDataFolder, type DataFolderClaim } from './embedded/instance-lock.ts';
import { startPostgres } from './embedded/postgres.ts';
import { startStudioWorker } from './embedded/studio-worker.ts';
import { StartError, systemCodeOf } from './start-error.ts';
import { startTemporalServer } from './embedded/temporal-server.ts';
import { createStartingApp } from './http/frame.ts';
import { openServer } from './http/server.ts';
import type { SigningKey } from './storage/signed-urls.ts';
import { chooseRenderer } from './studio/choose-renderer.ts';
import { findStudio, ownProgram, type Studio } from './studio/installed-studio.ts';
import { startWorker } from './worker.ts';

export interface Everything {
  demo: Demo;
  /** Who draws what live keys ask for. */
  renderer: RendererName;
  /** Resolves with a sentence when an embedded server ends by itself. */
  ended: Promise<string>;
}

interface Progress {
  onProgress: (message: string) => void;
  log: Logger;
  /** Gives the start up, in order. */
  signal: AbortSignal;
}

/** Starts all parts, in order; throws a `StartError` when one cannot be had. What has been started is in `opened`, also then. */
export async function startEverything(config: Config, opened: Closers, progress: Progress): Promise<Everything> {
  const { onProgress, log, signal } = progress;
  const wantsStudio = config.renderer === 'auto' || config.renderer === 'studio';
  const studio = wantsStudio ? await findStudio(config.dataDir, ownProgram()) : null;
  const renderer = chooseRenderer(config.renderer, { hasStudio: studio !== null, drawerKeys: config.drawerKeys });
  const server = await openServer(config, createStartingApp({ ...config, newId, log }).callback()).catch(
    (error: unknown) => {
      throw portError(error, config);
    },
  );
  opened.add(() => server.close());
  const claim = await claimDataFolder(config.dataDir, { onProgress });
  opened.add(claim.release);

  const [postgres, temporal] = await all([
    startOwnPostgres(config, claim, progress, opened),
    startOwnTemporal(config, claim, progress, opened),
  ]);
  signal.throwIfAborted();

  const { databaseUrl } = postgres;
  const database = openDatabase(databaseUrl, { poolMax: 2 });
  opened.add(() => database.destroy());
  const migrations = await migrate(database);
  if (migrations.length > 0) onProgress(`Schema: ${migrations.join(', ')}`);

  const shared = {
    databaseUrl,
    databasePoolMax: config.databasePoolMax,
    attemptTimeoutMinutes: config.attemptTimeoutMinutes,
    webhooksAllowLocalhost: config.webhooksAllowLocalhost,
    ai: config.ai,
    temporal: temporal.connect,
    storage: config.storage,
    eagerStarts: { client: null },
    publicUrl: config.publicUrl ?? server.url,
    log,
  };
  onProgress(`Starting the API and the worker${studio === null ? '' : ', and the studio'} …`);
  const signingKeys = config.signingKeys ?? (await ownKeys('SIGNING_KEYS', path.join(config.dataDir, 'signing-keys')));
  const drawerKeys = config.drawerKeys ?? (await ownKeys('DRAWER_KEYS', path.join(config.dataDir, 'drawer-keys')));
  await all([
    startWorker(shared).then(({ close }) => {
      opened.add(close);
    }),
    startApi({
      ...config,
      ...shared,
      server,
      signingKeys,
      drawerKeys,
      renderer,
      temporalUiUrl: config.temporalUiUrl ?? temporal.uiUrl,
    }).then(({ close }) => {
      opened.add(close);
    }),
    startOwnStudio(studio, config, { apiUrl: server.url, drawerKeys, temporal, claim, log, signal, opened }),
  ]);
  const demo = await ensureDemo(database, {
    dataDir: config.dataDir,
    apiUrl: server.url,
    temporalUiUrl: temporal.uiUrl,
    renderer,
  });
  claim.announce({ apiUrl: server.url, databaseUrl });
  return { demo, renderer, ended: Promise.race([postgres.broken, temporal.broken]) };
}

/** Postgres as the environment names it, or one of our own. */
async function startOwnPostgres(config: Config, claim: DataFolderClaim, progress: Progress, opened: Closers) {
  if (config.databaseUrl !== null) return { databaseUrl: config.databaseUrl, broken: never };
  progress.onProgress('Starting Postgres …');
  const { dataDir } = config;
  const { connectionString, exited, stop } = await startPostgres({ ...progress, dataDir, onSpawn: claim.recordServer });
  opened.add(stop);
  return { databaseUrl: connectionString, broken: exited.then((how) => `Postgres ${how}.`) };
}

/** Temporal as the environment names it, or a development server of our own. */
async function startOwnTemporal(config: Config, claim: DataFolderClaim, progress: Progress, opened: Closers) {
  if (config.hasTemporal) {
    return { connect: config.temporal, env: temporalEnvOf(config.environment), uiUrl: null, broken: never };
  }
  const binary = await findTemporal({ ...progress, env: config.environment });
  const { dataDir } = config;
  const server = await startTemporalServer({ ...progress, dataDir, binary, onSpawn: claim.recordServer });
  opened.add(server.stop);
  const connect = {
    connectionOptions: { address: server.address },
    namespace: server.namespace,
    codecKeys: config.temporal.codecKeys ?? null,
    tracing: config.temporal.tracing ?? null,
  };
  const env = { TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: server.namespace };
  return { connect, env, uiUrl: server.uiUrl, broken: server.exited.then((how) => `Temporal ${how}.`) };
}

interface StudioPlace {
  apiUrl: string;
  drawerKeys: readonly SigningKey[];
  temporal: Awaited<ReturnType<typeof startOwnTemporal>>;
  claim: DataFolderClaim;
  log: Logger;
  signal: AbortSignal;
  opened: Closers;
}

/** The studio, where one is installed and is to draw. */
async function startOwnStudio(studio: Studio | null, config: Config, place: StudioPlace): Promise<void> {
  if (studio === null) return;
  const { temporal, claim, opened, ...rest } = place;
  const { stop } = await startStudioWorker({
    ...rest,
    studio,
    dataDir: config.dataDir,
    quality: config.studioQuality,
    temporal: temporal.connect,
    temporalEnv: temporal.env,
    env: config.environment,
    onSpawn: claim.recordServer,
  });
  opened.add(stop);
}

/** Where a program of another language finds the Temporal that the environment names, with what it needs for the configuration file. */
const temporalEnvOf = (environment: Config['environment']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && /^(TEMPORAL_.*|HOME|XDG_CONFIG_HOME)$/.test(name) ? [[name, value]] : [],
    ),
  );

const never = new Promise<never>(() => undefined);

/** The key that stands for a variable which is not set, made once and kept in a file of the data folder. */
async function ownKeys(name: string, file: string): Promise<[SigningKey, ...SigningKey[]]> {
  try {
    return parseKeys(name, (await readFile(file, 'utf8')).trim());
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    const made = `own:${randomBytes(32).toString('hex')}`;
    await writeFile(file, `${made}\n`, { mode: 0o600, flag: 'wx' });
    return parseKeys(name, made);
  }
}

function portError(error: unknown, { host, port }: Config): unknown {
  switch (systemCodeOf(error)) {
    case 'EADDRINUSE':
      return new StartError(
        `Port ${String(port)} of ${host} is taken: stop what listens there, or set PORT to another.`,
      );
    case 'EACCES':
      return new StartError(`Port ${String(port)} needs rights that this user lacks: set PORT to one above 1023.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(`HOST is ${host}, which is no address of this machine.`);
    default:
      return error;
  }
}
