// The database of a start without DATABASE_URL: the real PostgreSQL, durable, reachable from this machine only.
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { access, chown, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, DatabaseError } from 'pg';
import { EarlyExit, startChildServer, type ChildServer, type OnSpawn } from './child-server.ts';
import { freePorts } from './free-ports.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { openPostgresHome, type PostgresHome } from './postgres-home.ts';
import { messageOf, StartError } from '../start-error.ts';
import { disownPostmaster } from './stray-postmaster.ts';

export type StartPostgresOptions = {
  readonly dataDir: string;
  readonly onProgress: (message: string) => void;
  readonly onSpawn?: OnSpawn | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type EmbeddedPostgres = ChildServer & { readonly connectionString: string };

const databaseName = 'doppel';
const superuser = 'postgres';
/** Replaying the log after a crash takes its time; a healthy folder takes 0.1 s. */
const readyWithinMs = 120_000;
const triesWithinMs = 8_000;
const env = { LC_ALL: 'C', TZ: 'UTC' };

/** Starts the data folder's Postgres, making the database first if there is none; throws a `StartError`. */
export async function startPostgres(options: StartPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, onProgress } = options;
  const home = await openPostgresHome(dataDir, onProgress);
  const binaries = await findPostgresBinaries(home.user, home.programs, onProgress);
  const cluster = join(home.folder, 'data');
  await makeCluster(cluster, home, binaries, options);
  await refuseOtherMajor(cluster, binaries);
  const password = await readPassword(home);

  const wasCrashed = await disownPostmaster(cluster);
  const firstTry = performance.now();
  for (;;) {
    const { port } = await freePorts(['port']);
    const urlOf = (database: string) =>
      `postgres://${superuser}:${password}@127.0.0.1:${String(port)}/${encodeURIComponent(database)}`;
    try {
      const server = await startChildServer({
        name: 'Postgres',
        command: binaries.postgres,
        args: ['-D', cluster, ...settings(port)],
        env,
        cwd: home.folder,
        user: home.user,
        logFile: join(dataDir, 'logs/postgres.log'),
        // Its "fast shutdown": ends sessions, writes a checkpoint.
        stopSignal: 'SIGINT',
        isReady: () => makeDatabase(urlOf(superuser)),
        readyWithinMs,
        onSpawn: options.onSpawn,
        signal: options.signal,
      });
      return { ...server, connectionString: urlOf(databaseName) };
    } catch (error) {
      // The sessions of a killed server hold its shared memory for a moment longer than it.
      if (!wasCrashed || !(error instanceof EarlyExit) || performance.now() - firstTry > triesWithinMs) throw error;
      await delay(200);
    }
  }
}

const settings = (port: number): string[] =>
  Object.entries({
    listen_addresses: '127.0.0.1',
    port: String(port),
    // Its path would soon be longer than the 107 bytes that a socket's may have.
    unix_socket_directories: '',
    cluster_name: 'doppel',
    max_connections: '200',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'off',
    log_destination: 'stderr',
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

async function makeCluster(
  cluster: string,
  home: PostgresHome,
  { initdb }: PostgresBinaries,
  { onProgress, signal }: StartPostgresOptions,
): Promise<void> {
  const isMade = await access(join(cluster, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
  if (isMade) return;

  onProgress('Making the database …');
  await removeDrafts(home);
  const draft = join(home.folder, `draft-${randomUUID()}`);
  await writePassword(home);
  const args = [
    ...['-D', draft, '--username', superuser, '--pwfile', passwordFile(home), '--auth', 'scram-sha-256'],
    ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    '--data-checksums',
  ];
  try {
    await promisify(execFile)(initdb, args, { ...home.user, env, cwd: home.folder, ...(signal && { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    throw new StartError(`Postgres's database cannot be made in ${home.folder}: ${messageOf(error)}`);
  }
  // Whole or not at all: a start that is killed here begins anew.
  await rename(draft, cluster);
}

async function removeDrafts({ folder }: PostgresHome): Promise<void> {
  const drafts = (await readdir(folder)).filter((name) => name.startsWith('draft-'));
  await Promise.all(drafts.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

async function refuseOtherMajor(cluster: string, { version }: PostgresBinaries): Promise<void> {
  const [ours] = version.split('.');
  const made = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
  if (made === ours) return;
  throw new StartError(
    `The database in ${cluster} was made by Postgres ${made} and this is Postgres ${String(ours)}, which cannot read it: ` +
      `go back to the version of Doppel that made it, or move it away with "mv ${cluster} ${cluster}-${made}" to begin with an empty one.`,
  );
}

const passwordFile = ({ folder }: PostgresHome) => join(folder, 'password');

async function writePassword(home: PostgresHome): Promise<void> {
  const file = passwordFile(home);
  await rm(file, { force: true });
  await writeFile(file, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  if (home.user) await chown(file, home.user.uid, home.user.gid);
}

async function readPassword(home: PostgresHome): Promise<string> {
  try {
    return (await readFile(passwordFile(home), 'utf8')).trim();
  } catch (error) {
    throw new StartError(
      `The password of the embedded database cannot be read (${messageOf(error)}): bring that file back, or delete ${home.folder} to begin with an empty database.`,
    );
  }
}

/** False while the server does not take connections yet. */
async function makeDatabase(adminUrl: string): Promise<boolean> {
  const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 2_000 });
  // A connection that breaks between two queries has no promise to reject; the next query does.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    if (error instanceof DatabaseError && error.code === '28P01') {
      throw new StartError(
        'The embedded Postgres does not take the password that is kept beside its data: bring the old password file back, or delete the folder of the database to begin with an empty one.',
      );
    }
    return false;
  }
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`create database ${databaseName}`);
    return true;
  } catch (error) {
    if (!(error instanceof DatabaseError)) return false;
    throw new StartError(`The embedded Postgres cannot make its database "${databaseName}": ${error.message}.`);
  } finally {
    await client.end();
  }
}
