// Servers of the tests that are built from Go's modules, and kept for this user as the Temporal server is.

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../src/embedded/find-temporal.ts';

/**
 * Gives the path of a program, building it where it is not kept from an earlier run; throws where there is no Go.
 * `from` is its package, such as `github.com/Shopify/toxiproxy/v2/cmd/server`, whose last part is the program's name.
 */
export async function installFromGo(server: string, from: string, version: string): Promise<string> {
  const folder = join(cacheFolder(process.env), `${server.toLowerCase().replaceAll(' ', '-')}-v${version}`);
  const program = basename(from.replace(/\/v\d+$/, '')); // of a module's later major version, the part before it
  const executable = join(folder, program);
  const isKept = await access(executable).then(
    () => true,
    () => false,
  );
  if (isKept) return executable;
  const draft = join(folder, `draft-${randomUUID()}`);
  await mkdir(draft, { recursive: true });
  try {
    await promisify(execFile)('go', ['install', '-ldflags', '-s -w', `${from}@v${version}`], {
      env: { ...process.env, GOBIN: draft },
    });
    await rename(join(draft, program), executable); // another run may have put the same there first
    return executable;
  } catch (error) {
    throw needsGo(server, error);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Gives the folder of a module's files, fetching it where Go does not keep it from an earlier run; throws where there is no Go. */
export async function moduleFromGo(module: string, version: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', `${module}@v${version}`]);
    return (JSON.parse(stdout) as { Dir: string }).Dir;
  } catch (error) {
    throw needsGo(module, error);
  }
}

const needsGo = (what: string, cause: unknown): Error =>
  new Error(`${what} is not on this machine: it comes from Go’s modules, which needs Go on PATH (https://go.dev/dl).`, {
    cause,
  });
