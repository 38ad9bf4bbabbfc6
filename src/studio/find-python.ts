// The studio runs on the Python that Blender's package is built for, in an environment of its own.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findAllOnPath, findOnPath } from '../embedded/find-on-path.ts';
import { StartError } from '../start-error.ts';

const version = '3.11';

/** A program that makes a virtual environment of that Python, with pip in it. */
export interface EnvironmentMaker {
  command: string;
  argumentsFor: (folder: string) => string[];
}

/** Debian's Python comes without these two, which an environment is made by. */
const question = 'import ensurepip, sys, venv; print("%d.%d" % sys.version_info[:2])';

/** Takes the first that is of the right version, else uv, which fetches one; throws a `StartError` where there is neither. */
export async function findPython(env: Readonly<NodeJS.ProcessEnv>): Promise<EnvironmentMaker> {
  for (const name of [`python${version}`, 'python3', 'python']) {
    for (const command of await findAllOnPath(name, env)) {
      if (await isUsable(command, env)) {
        return { command, argumentsFor: (folder) => ['-m', 'venv', folder] };
      }
    }
  }
  const uv = await findOnPath('uv', env);
  if (uv !== undefined) {
    return { command: uv, argumentsFor: (folder) => ['venv', '--seed', '--python', version, folder] };
  }
  throw new StartError(
    `The studio needs Python ${version} with its module venv, and there is none on PATH: install python${version} (on Debian python${version}-venv too), or uv (https://docs.astral.sh/uv), which fetches it by itself.`,
  );
}

async function isUsable(command: string, env: Readonly<NodeJS.ProcessEnv>): Promise<boolean> {
  const { stdout } = await promisify(execFile)(command, ['-c', question], { env, timeout: 20_000 }).catch(() => ({
    stdout: '',
  }));
  return stdout.trim() === version;
}
