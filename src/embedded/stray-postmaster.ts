// What a Postgres that was killed leaves in its data folder: postmaster.pid (https://www.postgresql.org/docs/18/storage-file-layout.html).
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endProcess } from './end-process.ts';
import { startTimeOf } from './process-identity.ts';
import { StartError } from '../start-error.ts';

/**
 * Stops a server that still runs on this cluster, and lets the next one start where the pid of a dead one now belongs
 * to another program. Call it only while holding the data folder. Answers whether the cluster was not shut down cleanly.
 */
export async function disownPostmaster(cluster: string): Promise<boolean> {
  const file = join(cluster, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  const [line = '', ...rest] = text.split('\n');
  const pid = Number(line);
  const startTime = Number.isInteger(pid) && pid > 0 ? startTimeOf(pid) : undefined;
  if (startTime === undefined) return true;

  if ((await commandLineOf(pid)).includes(`-D ${cluster} `)) {
    if ((await endProcess({ pid, startTime }, 'SIGINT')) !== 'refused') return true;
    throw new StartError(
      `A Postgres already runs on ${cluster} (process ${line}) and cannot be stopped: end it, then start again.`,
    );
  }
  // Postgres takes its own parent's pid for stale. Deleting the file instead would also delete the id of the shared
  // memory, by which it sees that sessions of the dead server still write.
  await writeFile(file, [String(process.pid), ...rest].join('\n'));
  return true;
}

async function commandLineOf(pid: number): Promise<string> {
  // Slim Linux images have no ps.
  if (process.platform === 'linux') {
    const words = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '');
    return words.replaceAll('\0', ' ');
  }
  const ps = promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)]);
  return (await ps.catch(() => ({ stdout: '' }))).stdout;
}
