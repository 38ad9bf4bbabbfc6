// All that runs while faults are injected: Postgres and Temporal behind links, and processes of Doppel.

import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import { freePorts } from '../../src/embedded/free-ports.ts';
import { startPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import type { StorageSettings } from '../../src/storage/open-storage.ts';
import { startTestTemporal, type TestTemporal } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';
import { eventually } from '../support/eventually.ts';
import { startTestS3, type TestS3 } from '../support/s3-server.ts';
import type { Failpoint } from './failpoints.ts';
import type { OwnSettings, Role } from './member.ts';
import { compileMembers, openMember, type Member } from './members.ts';
import { plant, projectFolder } from './planted.ts';
import type { Random } from './random.ts';
import { makeClock, type Clock } from './servers/clock.ts';
import { startOnSmallDisk, type SmallDisk } from './servers/disk-that-fails.ts';
import type { PersistenceFaults } from './servers/persistence-faults.ts';
import { startStandby, type PlacedPostgres } from './servers/standby.ts';
import { startTemporalOnPostgres } from './servers/temporal-on-postgres.ts';
import { startToxiproxy, type Link } from './toxiproxy.ts';

/** What a fault wants the world to be made of. */
export interface Needs {
  /** How many processes of each role; two if not given. */
  apis?: number;
  workers?: number;
  /** Workers of two versions by turns, the second of which has other workflows. */
  workerVersions?: true;
  /** S3, where it is files otherwise. */
  s3?: boolean;
  /** Workers with so much memory for their heap, in MB. */
  workerHeapMb?: number;
  /** A standby that every commit waits for. */
  standby?: boolean;
  /** A disk under Postgres that can be full. */
  smallDisk?: boolean;
  /** Processes whose clocks can be moved. */
  ownClocks?: boolean;
  /** Workers that start workflows over their own connection, so that the first task is in the answer. */
  eagerStarts?: boolean;
  /** Temporal on a Postgres of its own, which fails as a seed says. */
  temporalFaults?: PersistenceFaults;
}

export interface World {
  folder: string;
  random: Random;
  /** Where the objects of the storage lie as files. */
  objectsFolder: string;
  /** The same as a storage, past every link. */
  storageSettings: StorageSettings;
  /** Past every link. */
  database: Knex;
  temporal: TestTemporal;
  /** Where Temporal tells of its own faults, where it has some. */
  metricsUrl: string | null;
  members: Member[];
  of: (role: Role) => Member[];
  apiUrls: string[];
  links: Record<'apiPostgres' | 'workerPostgres' | 'apiTemporal' | 'workerTemporal', Link> & { storage?: Link };
  /** Lines that failpoints told so far. */
  reported: () => Promise<Reported[]>;
  /** Kills Postgres with all its sessions, as a crash of the machine does, and starts it again after `awayMs`. */
  crashPostgres: (awayMs?: number) => Promise<void>;
  /** Loses Postgres for good, and goes on with its standby, which gets one of its own. */
  failOver: () => Promise<void>;
  /** Of each process, where they can be moved. */
  clocks: readonly Clock[];
  /** What Postgres's data lies on, where that can be full. */
  disk: SmallDisk | null;
  /** Postgres itself, for what is done to its processes. */
  postgres: () => EmbeddedPostgres;
  /** Starts Postgres again where it has ended by itself. */
  revivePostgres: () => Promise<void>;
  /** Waits until all processes are ready. */
  untilUp: () => Promise<void>;
  /** How often a process of Doppel ended that nobody had ended. */
  unexpectedEnds: () => string[];
  close: () => Promise<void>;
}

/** The versions of workers, where there are some. */
export const workerVersions = ['this', 'next'] as const;

interface Reported {
  member: string;
  /** A crossing that this process came to for the first time. */
  seen?: string;
  /** A crossing at which something was done. */
  at?: string;
  action?: Failpoint['action'];
}

/** Reads what is new in the file each time: it becomes long, and is read often. */
function readReport(file: string): World['reported'] {
  const all: Reported[] = [];
  let bytes = 0;
  let reading = Promise.resolve(all);
  const readOn = async () => {
    const read = await text(createReadStream(file, { start: bytes })).catch(() => ''); // nothing was told yet
    const lines = read.slice(0, read.lastIndexOf('\n') + 1);
    bytes += Buffer.byteLength(lines);
    for (const line of lines.split('\n')) if (line !== '') all.push(JSON.parse(line) as Reported);
    return all;
  };
  return () => (reading = reading.then(readOn));
}

interface Size extends Needs {
  planted?: string | undefined;
  own?: OwnSettings;
}

export async function startWorld(
  random: Random,
  { apis = 2, workers = 2, planted, own, ...needs }: Size = {},
): Promise<World> {
  const folder = await makeTemporaryFolder();
  const report = join(folder, 'failpoints.jsonl');
  await mkdir(join(folder, 'logs'), { recursive: true });
  const tree = planted === undefined ? projectFolder : await plant(planted, folder);
  const program = await compileMembers(tree, folder, { hasNextRelease: needs.workerVersions === true });
  const quiet = { dataDir: folder, onProgress: () => undefined };
  const disk = needs.smallDisk === true ? await startOnSmallDisk(folder) : null;
  let placed: PlacedPostgres = { postgres: disk?.postgres ?? (await startPostgres(quiet)), dataDir: folder };
  const temporalOnPostgres =
    needs.temporalFaults === undefined ? null : await startTemporalOnPostgres({ faults: needs.temporalFaults });
  const temporal = temporalOnPostgres ?? (await startTestTemporal());
  const toxiproxy = await startToxiproxy(folder);
  const { postgres } = placed;
  const addressOf = (url: string) => new URL(url).host;
  const temporalAddress = temporal.connect.connectionOptions.address ?? '';
  const [apiPostgres, workerPostgres, apiTemporal, workerTemporal] = await Promise.all([
    toxiproxy.link('api-postgres', addressOf(postgres.connectionString)),
    toxiproxy.link('worker-postgres', addressOf(postgres.connectionString)),
    toxiproxy.link('api-temporal', temporalAddress),
    toxiproxy.link('worker-temporal', temporalAddress),
  ]);
  const s3: TestS3 | null = needs.s3 === true ? await startTestS3() : null;
  const storageLink = s3 && (await toxiproxy.link('storage', addressOf(s3.settings.endpoint ?? '')));
  const storage: StorageSettings =
    s3 && storageLink
      ? { ...s3.settings, endpoint: `http://127.0.0.1:${String(storageLink.port)}` }
      : { kind: 'files', folder: join(folder, 'storage') };
  const links = {
    apiPostgres,
    workerPostgres,
    apiTemporal,
    workerTemporal,
    ...(storageLink && { storage: storageLink }),
  };
  const through = (link: Link) => {
    const url = new URL(postgres.connectionString);
    url.port = String(link.port);
    return url.href;
  };
  const openOwn = () => openDatabase(`${placed.postgres.connectionString}?application_name=faults`, { poolMax: 4 });
  let database = openOwn();
  await migrate(database);
  let places = 0;
  const startOwnStandby = () => startStandby(placed, join(folder, `standby-${String(++places)}`));
  let standby = needs.standby === true ? await startOwnStandby() : null;
  const goOnWith = async (next: PlacedPostgres) => {
    placed = next;
    await database.destroy();
    database = openOwn();
    const host = addressOf(placed.postgres.connectionString);
    await Promise.all([apiPostgres.leadTo(host), workerPostgres.leadTo(host)]);
  };
  const startAgain = async () => {
    const { dataDir } = placed;
    await goOnWith({ postgres: await startPostgres({ ...quiet, dataDir }), dataDir });
  };

  const unexpected: string[] = [];
  let isClosing = false;
  const ports = await freePorts(Array.from({ length: apis }, (_, index) => `api${String(index)}`));

  const clocks: Clock[] = [];
  const startMember = async (role: Role, index: number): Promise<Member> => {
    const name = `${role}-${String(index + 1)}`;
    const clock = needs.ownClocks === true ? await makeClock(folder, name) : null;
    if (clock !== null) clocks.push(clock);
    const { workflowBundles } = program;
    const startsEagerly = role === 'worker' && needs.eagerStarts === true;
    const [toPostgres, toTemporal] = role === 'api' ? [apiPostgres, apiTemporal] : [workerPostgres, workerTemporal];
    return openMember({
      program,
      name,
      settings: {
        role,
        databaseUrl: through(toPostgres),
        temporalAddress: `127.0.0.1:${String(toTemporal.port)}`,
        storage,
        workflowBundle: workflowBundles[index % workflowBundles.length] ?? workflowBundles[0],
        workerBuildId: needs.workerVersions && workerVersions[index % workerVersions.length],
        port: ports[`api${String(index)}`] ?? 0,
        startsEagerly,
        ...own,
      },
      failpoints: () => ({
        ...{ seed: random.below(2 ** 31), member: name, report, startsEagerly },
        ...{ usesS3: storage.kind === 's3', sendsWebhooks: role === 'worker' },
      }),
      env: clock?.env ?? {},
      heapMb: role === 'worker' ? needs.workerHeapMb : undefined,
      logFile: join(folder, 'logs', `${name}.log`),
      onUnexpectedEnd: (how) => unexpected.push(how),
      isClosing: () => isClosing,
    });
  };
  const members = await Promise.all([
    ...Array.from({ length: apis }, (_, index) => startMember('api', index)),
    ...Array.from({ length: workers }, (_, index) => startMember('worker', index)),
  ]);
  const world: World = {
    folder,
    random,
    storageSettings: s3?.settings ?? storage,
    objectsFolder: s3?.bucketFolder ?? join(folder, 'storage'),
    get database() {
      return database;
    },
    temporal,
    metricsUrl: temporalOnPostgres?.metricsUrl ?? null,
    members,
    of: (role) => members.filter((member) => member.role === role),
    apiUrls: Object.values(ports).map((port) => `http://127.0.0.1:${String(port)}`),
    links,
    reported: readReport(report),
    async crashPostgres(awayMs = 0) {
      process.kill(placed.postgres.pid, 'SIGQUIT'); // every session ends at once, nothing is written
      await placed.postgres.exited;
      await delay(awayMs);
      await startAgain();
    },
    async failOver() {
      if (standby === null) throw new Error('there is no standby');
      await goOnWith(await standby.failOver());
      standby = await startOwnStandby();
    },
    clocks,
    disk,
    postgres: () => placed.postgres,
    async revivePostgres() {
      const hasEnded = await Promise.race([placed.postgres.exited.then(() => true), delay(1_000).then(() => false)]);
      if (hasEnded) await startAgain();
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
      await s3?.close();
      await temporal.close();
      await standby?.close();
      await placed.postgres.stop();
      await disk?.unmount();
      for (const clock of clocks) await clock.close();
      await removeTemporaryFolder(folder);
    },
  };
  await world.untilUp();
  return world;
}
