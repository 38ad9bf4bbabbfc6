// Finds a Temporal server for this machine: installed, fetched before, downloaded, or built; see docs.temporal.io/cli.
import { mkdir, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { buildTemporal } from './build-temporal.ts';
import { downloadTemporal } from './download-temporal.ts';
import { findOnPath } from './find-on-path.ts';
import { messageOf, StartError } from '../start-error.ts';
import { readTemporalVersion, type TemporalVersion } from './temporal-version.ts';

export type TemporalBinary = {
  /** The `temporal` command-line program, which holds the development server. */
  readonly path: string;
  /** Of the server inside, such as `1.29.1`. */
  readonly serverVersion: string;
};

export type FindTemporalOptions = {
  /** Read: `PATH`, `HOME`, `XDG_CACHE_HOME`; handed on to the programs that are run. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly onProgress: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Where archives are; another one in tests, which dial nobody. */
  readonly downloadFrom?: string;
  readonly fetch?: typeof fetch;
};

/** What is fetched where none is installed. */
export const pinnedCliVersion = '1.5.1';
/** Older servers lack what our workflows ask for (priority and fairness keys, eager start). */
const oldestServer = '1.29.0';

/** The per-user folder, outside any checkout, that keeps what was fetched. */
export function cacheFolder(env: Readonly<NodeJS.ProcessEnv>): string {
  const set = env['XDG_CACHE_HOME'];
  const base = set !== undefined && isAbsolute(set) ? set : join(env['HOME'] ?? homedir(), '.cache');
  return join(base, 'doppel');
}

/** Answers the first that works: on PATH, fetched before, download, `go install`; throws a `StartError` that names each way. */
export async function findTemporal(options: FindTemporalOptions): Promise<TemporalBinary> {
  const { env, onProgress } = options;
  const installed = await findOnPath('temporal', env);
  if (installed !== undefined) {
    const version = await readTemporalVersion(installed, env);
    if (version !== undefined && isNewEnough(version)) return { path: installed, serverVersion: version.server };
    onProgress(
      version === undefined
        ? `Leaving out ${installed}: it does not tell its version.`
        : `Leaving out ${installed}: its server is ${version.server}, older than ${oldestServer}.`,
    );
  }

  const folder = join(cacheFolder(env), `temporal-${pinnedCliVersion}`);
  const cached = join(folder, 'temporal');
  const before = await readTemporalVersion(cached, env);
  if (before !== undefined) return { path: cached, serverVersion: before.server };

  return fetchInto(folder, cached, options);
}

/** Fetches beside its place and renames: a start at the same moment does the same, and either result is whole. */
async function fetchInto(folder: string, target: string, options: FindTemporalOptions): Promise<TemporalBinary> {
  const { env, onProgress, signal } = options;
  const draft = join(folder, `draft-${randomUUID()}`);
  await mkdir(draft, { recursive: true });
  try {
    const failures: string[] = [];
    for (const [way, fetchIt] of await waysToFetch(options)) {
      try {
        const fetched = await fetchIt(draft);
        const version = await readTemporalVersion(fetched, env);
        if (version?.cli !== pinnedCliVersion) {
          throw new Error(version === undefined ? 'it does not run on this machine' : `it is version ${version.cli}`);
        }
        await rename(fetched, target);
        return { path: target, serverVersion: version.server };
      } catch (error) {
        signal?.throwIfAborted();
        failures.push(`${way} failed (${messageOf(error)})`);
        onProgress(`No Temporal server by ${way}: ${messageOf(error)}`);
      }
    }
    throw new StartError(
      `No Temporal server was found: no temporal that can be used is on PATH, ${failures.join(', ')}. ` +
        `Install the Temporal CLI (https://docs.temporal.io/cli) or Go (https://go.dev/dl), or set TEMPORAL_ADDRESS to a server of your own.`,
    );
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

type Fetching = (draft: string) => Promise<string>;

async function waysToFetch({ env, onProgress, signal, downloadFrom, fetch }: FindTemporalOptions) {
  const ways: [string, Fetching][] = [
    [
      'download',
      (draft) => downloadTemporal({ version: pinnedCliVersion, draft, env, onProgress, signal, downloadFrom, fetch }),
    ],
  ];
  const go = await findOnPath('go', env);
  ways.push([
    'building with Go',
    (draft) =>
      go === undefined
        ? Promise.reject(new Error('there is no go on PATH'))
        : buildTemporal({ go, version: pinnedCliVersion, draft, env, onProgress, signal }),
  ]);
  return ways;
}

const isNewEnough = ({ server }: TemporalVersion) => server.localeCompare(oldestServer, 'en', { numeric: true }) >= 0;
