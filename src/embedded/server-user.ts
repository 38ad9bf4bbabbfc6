// Postgres refuses to run as root, so root starts it as the system's nobody.
import { execFile } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { StartError, systemCodeOf } from '../start-error.ts';

export type ServerUser = { readonly uid: number; readonly gid: number };

export const nobody: ServerUser = { uid: 65534, gid: 65534 };

export const isRoot = (): boolean => process.geteuid?.() === 0;

/** Makes a folder, if need be, that every user may enter, whatever the umask. */
export async function makeOpenFolder(folder: string): Promise<void> {
  if ((await mkdir(folder, { recursive: true })) !== undefined) await chmod(folder, 0o755);
}

/** Says whether that user may enter and read all of these, and execute those that this process may execute. */
export async function canUse(paths: readonly string[], user: ServerUser): Promise<boolean> {
  // A program run as that user knows what no reading of modes does: ACLs, mount options, every folder above.
  const script = 'for path; do test -r "$path" || exit 1; if test -d "$path"; then test -x "$path" || exit 1; fi; done';
  return runAs(user, '/bin/sh', ['-c', script, 'sh', ...paths]);
}

async function runAs(user: ServerUser, command: string, args: readonly string[]): Promise<boolean> {
  try {
    await promisify(execFile)(command, args, { ...user, cwd: '/', env: {} });
    return true;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code !== 'EINVAL' && code !== 'EPERM') return false;
    throw new StartError(
      `Postgres refuses to run as root and this container lets root become no other user (${code}): start Doppel as an ordinary user, or set DATABASE_URL.`,
    );
  }
}
