// All that runs while faults are injected: Postgres and Temporal behind links, processes of Doppel that are started again when
// they end, as whatever runs them in production would.

import { fork, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Knex } from 'knex';
import { freePorts } from '../../src/embedded/free-ports.ts';
import { startPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { startTestTemporal, type TestTemporal } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';
import { eventually } from '../support/eventually.ts';
import type { FailpointPlan } from './failpoints.ts';
import type { MemberSettings } from './member.ts';
import { plant } from './planted.ts';
import type { Random } from './random.ts';
import { startToxiproxy, type Link } from './toxiproxy.ts';

export interface Member {
  name: string;
  role: MemberSettings['role'];
  /** Undefined while it is down. */
  pid: () => number | undefined;
  signal: (signal: NodeJS.Signals) => void;
  /** Ends it in order, and waits until its successor is ready. */
  restart: () => Promise<void>;
  /** What its next process does at failpoints; null for nothing. */
  arm: (plan: Omit<FailpointPlan, 'report' | 'seed'> | null) => void;
}

export interface World {
  folder: string;
  random: Random;
  storageFolder: string;
  /** Past every link. */
  database: Knex;
  temporal: TestTemporal;
  members: Member[];
  of: (role: MemberSettings['role']) => Member[];
  apiUrls: string[];
  links: Record<'apiPostgres' | 'workerPostgres' | 'apiTemporal' | 'workerTemporal', Link>;
  /** Kills Postgres with all its sessions, as a crash of the machine does, and starts it again. */
  crashPostgres: () => Promise<void>;
  /** Waits until all processes are ready. */
  untilUp: () => Promise<void>;
  /** How often a process of Doppel ended that nobody had ended. */
  unexpectedEnds: () => string[];
  close: () => Promise<void>;
}

export async function startWorld(
  random: Random,
  { apis = 2, workers = 2, planted }: { apis?: number; workers?: number; planted?: string | undefined } = {},
): Promise<World> {
  const folder = await makeTemporaryFolder();
  const storageFolder = join(folder, 'storage');
  await mkdir(join(folder, 'logs'), { recursive: true });
  const memberModule =
    planted === undefined
      ? fileURLToPath(new URL('member.ts', import.meta.url))
      : join(await plant(planted, folder), 'test/faults/member.ts');
  const quiet = { dataDir: folder, onProgress: () => undefined };
  let postgres: EmbeddedPostgres = await startPostgres(quiet);
  const temporal = await startTestTemporal();
  const toxiproxy = await startToxiproxy(folder);
  const addressOf = (url: string) => new URL(url).host;
  const temporalAddress = temporal.connect.connectionOptions.address ?? '';
  const [apiPostgres, workerPostgres, apiTemporal, workerTemporal] = await Promise.all([
    toxiproxy.link('api-postgres', addressOf(postgres.connectionString)),
    toxiproxy.link('worker-postgres', addressOf(postgres.connectionString)),
    toxiproxy.link('api-temporal', temporalAddress),
    toxiproxy.link('worker-temporal', temporalAddress),
  ]);
  const links = { apiPostgres, workerPostgres, apiTemporal, workerTemporal };
  const through = (link: Link) => {
    const url = new URL(postgres.connectionString);
    url.port = String(link.port);
    return url.href;
  };
  let database = openDatabase(`${postgres.connectionString}?application_name=faults`, { poolMax: 4 });
  await migrate(database);

  const unexpected: string[] = [];
  let isClosing = false;
  const ports = await freePorts(Array.from({ length: apis }, (_, index) => `api${String(index)}`));

  const startMember = (role: MemberSettings['role'], index: number): Member => {
    const name = `${role}-${String(index + 1)}`;
    const [toPostgres, toTemporal] = role === 'api' ? [apiPostgres, apiTemporal] : [workerPostgres, workerTemporal];
    let plan: Omit<FailpointPlan, 'report' | 'seed'> | null = null;
    let child: ChildProcess | undefined;
    let isReady = false;
    let isExpected = false;
    const run = () => {
      const settings: MemberSettings = {
        role,
        databaseUrl: through(toPostgres),
        temporalAddress: `127.0.0.1:${String(toTemporal.port)}`,
        storageFolder,
        port: ports[`api${String(index)}`] ?? 0,
      };
      const armed: FailpointPlan | null = plan && {
        ...plan,
        seed: random.below(2 ** 31),
        report: join(folder, 'failpoints.jsonl'),
      };
      const started = fork(memberModule, [], {
        env: { ...process.env, MEMBER: JSON.stringify(settings), FAILPOINTS: JSON.stringify(armed) },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
      const log = createWriteStream(join(folder, 'logs', `${name}.log`), { flags: 'a' });
      started.stdout?.pipe(log, { end: false });
      started.stderr?.pipe(log, { end: false });
      started.once('message', () => {
        isReady = true;
      });
      started.once('exit', (code, signal) => {
        isReady = false;
        child = undefined;
        if (!isExpected && signal !== 'SIGKILL') unexpected.push(`${name} ended with ${String(signal ?? code)}`);
        isExpected = false;
        if (!isClosing) setTimeout(run, 250);
      });
      child = started;
    };
    run();
    return {
      name,
      role,
      pid: () => (isReady ? child?.pid : undefined),
      signal: (signal) => {
        if (signal === 'SIGTERM') isExpected = true;
        child?.kill(signal);
      },
      async restart() {
        const before = child?.pid;
        isExpected = true;
        child?.kill('SIGTERM');
        await eventually(`${name} is back`, () => (isReady && child?.pid !== before ? true : undefined), {
          withinMs: 60_000,
        });
      },
      arm: (next) => {
        plan = next;
      },
    };
  };
  const members = [
    ...Array.from({ length: apis }, (_, index) => startMember('api', index)),
    ...Array.from({ length: workers }, (_, index) => startMember('worker', index)),
  ];
  const world: World = {
    folder,
    random,
    storageFolder,
    get database() {
      return database;
    },
    temporal,
    members,
    of: (role) => members.filter((member) => member.role === role),
    apiUrls: Object.values(ports).map((port) => `http://127.0.0.1:${String(port)}`),
    links,
    async crashPostgres() {
      process.kill(postgres.pid, 'SIGQUIT'); // every session ends at once, nothing is written
      await postgres.exited;
      await database.destroy();
      postgres = await startPostgres(quiet);
      database = openDatabase(`${postgres.connectionString}?application_name=faults`, { poolMax: 4 });
      const host = addressOf(postgres.connectionString);
      await Promise.all([apiPostgres.leadTo(host), workerPostgres.leadTo(host)]);
    },
    untilUp: async () => {
      await eventually(
        'all processes are up',
        () => (members.every(({ pid }) => pid() !== undefined) ? true : undefined),
        {
          withinMs: 120_000,
          everyMs: 100,
        },
      );
    },
    unexpectedEnds: () => unexpected,
    async close() {
      isClosing = true;
      for (const member of members) member.signal('SIGCONT');
      for (const member of members) member.signal('SIGTERM');
      await delay(8_000);
      for (const member of members) member.signal('SIGKILL');
      await database.destroy();
      await toxiproxy.close();
      await temporal.close();
      await postgres.stop();
      await removeTemporaryFolder(folder);
    },
  };
  await world.untilUp();
  return world;
}
