import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Makes a folder for a `PATH` of a test's own: it has what these names mean on this machine, and nothing else. */
export async function makePath(folder: string, linked: readonly string[] = []): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const program of linked) {
    const { stdout } = await promisify(execFile)('sh', ['-c', `command -v ${program}`]);
    await symlink(stdout.trim(), join(folder, program));
  }
}

/** Writes a program for the shell. */
export async function writeProgram(file: string, text: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
}
