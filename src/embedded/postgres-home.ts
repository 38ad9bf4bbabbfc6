// Where an embedded database's files lie and which user owns them.
import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canUse, isRoot, makeOpenFolder, nobody, type ServerUser } from './server-user.ts';
import { StartError } from '../start-error.ts';

export type PostgresHome = {
  /** Holds `data` (the cluster) and `password`; only the server's user may enter it. */
  readonly folder: string;
  /** Where a copy of the programs may be put. */
  readonly programs: string;
  /** Whom Postgres runs as; `undefined` for the user of this process. */
  readonly user: ServerUser | undefined;
};

/** Takes databases of a root whose data folder nobody else can enter. */
const systemFolder = '/var/lib/doppel';

/** Makes, or finds again, the home of this data folder's database. */
export async function openPostgresHome(dataDir: string, onProgress: (message: string) => void): Promise<PostgresHome> {
  const root = await realpath(dataDir);
  const inside = join(root, 'postgres');
  return isRoot() ? homeForRoot(root, inside, onProgress) : homeForUser(inside);
}

async function homeForUser(inside: string): Promise<PostgresHome> {
  await mkdir(inside, { recursive: true, mode: 0o700 });
  const { uid } = await stat(inside);
  if (uid !== process.geteuid?.()) {
    throw new StartError(
      `The database in ${inside} belongs to the user with id ${String(uid)}, since another user (or root) started it first: start Doppel as that user, or choose another folder with DOPPEL_DATA_DIR.`,
    );
  }
  return { folder: inside, programs: inside, user: undefined };
}

async function homeForRoot(
  dataDir: string,
  inside: string,
  onProgress: (message: string) => void,
): Promise<PostgresHome> {
  const locationFile = join(dataDir, 'postgres-location');
  const recorded = await readFile(locationFile, 'utf8').catch(() => undefined);
  if (recorded !== undefined) return homeElsewhere(recorded.trim(), locationFile);

  const owner = await stat(inside).catch(() => undefined);
  if (owner !== undefined || (await canUse([dataDir], nobody))) {
    // A database that an ordinary user made stays that user's, also when root starts it.
    const user = owner === undefined || owner.uid === 0 ? nobody : { uid: owner.uid, gid: owner.gid };
    await makePrivate(inside, user);
    if (await canUse([inside], user)) return { folder: inside, programs: systemFolder, user };
    throw new StartError(
      `The database in ${inside} is out of reach for the user with id ${String(user.uid)}, as whom Postgres runs: move the data folder back to where that user may enter, or delete ${inside} to begin with an empty database.`,
    );
  }

  const elsewhere = join(systemFolder, randomUUID());
  onProgress(
    `Keeping the database in ${elsewhere}: Postgres does not run as root, and no other user can enter ${dataDir}.`,
  );
  await makeOpenFolder(systemFolder);
  await makePrivate(elsewhere, nobody);
  await writeFile(locationFile, `${elsewhere}\n`);
  return { folder: elsewhere, programs: systemFolder, user: nobody };
}

async function homeElsewhere(folder: string, locationFile: string): Promise<PostgresHome> {
  const owner = await stat(folder).catch(() => undefined);
  if (owner === undefined) {
    throw new StartError(
      `The database that ${locationFile} names, ${folder}, is gone: bring it back, or delete ${locationFile} to begin with an empty one.`,
    );
  }
  return { folder, programs: systemFolder, user: { uid: owner.uid, gid: owner.gid } };
}

async function makePrivate(folder: string, { uid, gid }: ServerUser): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chown(folder, uid, gid);
  await chmod(folder, 0o700);
}
