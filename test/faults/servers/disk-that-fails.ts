// A disk under Postgres that can be full, and one whose fsync fails. Postgres panics then rather than acknowledge what may be lost.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { startPostgres, type EmbeddedPostgres } from '../../../src/embedded/postgres.ts';
import { startTimeOf } from '../../../src/embedded/process-identity.ts';
import { nobody } from '../../../src/embedded/server-user.ts';
import { systemCodeOf } from '../../../src/start-error.ts';

const run = promisify(execFile);

export interface SmallDisk {
  /** Started on the disk; later ones are started by `startPostgres` in the same `dataDir`. */
  postgres: EmbeddedPostgres;
  /** Leaves no room on it. Postgres refuses what needs some, and ends once its log does, which `useUpLog` has happen soon. */
  fill: () => Promise<void>;
  /** Makes room; a Postgres that has ended has to be started again. */
  free: () => Promise<void>;
  /** Takes the disk away, after Postgres has stopped. */
  unmount: () => Promise<void>;
}

const mountName = 'doppel-faults';

/** Starts a Postgres whose data alone lies on a disk of 256 MB; throws where this process may not mount one. */
export async function startOnSmallDisk(dataDir: string): Promise<SmallDisk> {
  const place = join(dataDir, 'postgres');
  const filler = join(place, 'filler');
  const unmount = async () => {
    await run('umount', [place]);
  };
  await mkdir(place, { recursive: true });
  try {
    await unmountAbandoned();
    const owner = `mode=0700,uid=${String(nobody.uid)},gid=${String(nobody.gid)}`;
    await run('mount', ['-t', 'tmpfs', '-o', `size=256m,${owner}`, `${mountName}-${String(process.pid)}`, place]);
  } catch (error) {
    throw new Error('A disk that can be filled is a tmpfs, which only root may mount, on Linux.', { cause: error });
  }
  try {
    const postgres = await startPostgres({ dataDir, onProgress: () => undefined });
    await keepLogSmall(postgres);
    return {
      postgres,
      async fill() {
        const file = await open(filler, 'a');
        try {
          for (const chunk = Buffer.alloc(2 ** 20); ;) await file.write(chunk);
        } catch (error) {
          if (systemCodeOf(error) !== 'ENOSPC') throw error;
        } finally {
          await file.close();
        }
      },
      free: () => rm(filler, { force: true }),
      unmount,
    };
  } catch (error) {
    await unmount();
    throw error;
  }
}

/** Takes away what runs that were broken off have left: a mount is named after the process that made it. */
async function unmountAbandoned(): Promise<void> {
  for (const line of (await readFile('/proc/mounts', 'utf8')).split('\n')) {
    const [, pid, place = ''] = new RegExp(`^${mountName}-(\\d+) (\\S+) `).exec(line) ?? [];
    if (pid !== undefined && startTimeOf(Number(pid)) === undefined) await run('umount', ['--lazy', place]);
  }
}

/** By itself it would grow to 1 GB before anything of it is reused. */
async function keepLogSmall(postgres: EmbeddedPostgres): Promise<void> {
  const client = await connect(postgres);
  try {
    await client.query(`alter system set min_wal_size = '32MB'`);
    await client.query(`alter system set max_wal_size = '64MB'`);
    await client.query('select pg_reload_conf()');
  } finally {
    await client.end();
  }
}

/** Has a Postgres on a full disk begin new files of its log until there is no room for one, which ends it. */
export async function useUpLog(postgres: EmbeddedPostgres): Promise<void> {
  const client = await connect(postgres);
  try {
    for (let files = 0; files < 64; files++) {
      await client.query(`select pg_logical_emit_message(true, '', '')`);
      await client.query('select pg_switch_wal()');
    }
  } catch {
    // it has ended
  } finally {
    await client.end();
  }
}

async function connect({ connectionString }: EmbeddedPostgres): Promise<Client> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined); // the next query rejects
  await client.connect();
  return client;
}

/**
 * Has each fsync of the processes that Postgres has now fail with EIO, until the first has made it panic or for so long; gives how
 * many failed. Those that it starts for its recovery are spared, so it is back by itself. Throws where strace may not attach.
 */
export async function breakFsync({ pid }: EmbeddedPostgres, forMs: number): Promise<number> {
  const children = (await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')).trim().split(' ');
  const strace = spawn(
    'strace',
    [
      ...['-qq', '-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:error=EIO'],
      ...children.flatMap((child) => ['-p', child]),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const timer = setTimeout(() => strace.kill('SIGINT'), forMs); // lets go of them
  try {
    const [told] = await Promise.all([text(strace.stderr), once(strace, 'exit')]);
    const failed = told.split('(INJECTED)').length - 1;
    if (failed === 0 && /not permitted/.test(told)) throw new Error(told);
    return failed;
  } catch (error) {
    throw new Error('fsync is made to fail by strace, which has to be on PATH and may need root.', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
