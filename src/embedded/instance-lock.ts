// One living instance per data folder. run.json names its process and each server it spawned; what a killed one left behind is stopped.
import { randomUUID } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SpawnedServer } from './child-server.ts';
import { endProcess } from './end-process.ts';
import { identityOf, isRunning, type ProcessIdentity } from './process-identity.ts';
import { messageOf, StartError, systemCodeOf } from '../start-error.ts';

type RecordedServer = SpawnedServer & ProcessIdentity;

/** What `run.json` holds. */
export type Instance = ProcessIdentity & {
  readonly id: string;
  readonly startedAt: string;
  /** In the order they were spawned. */
  readonly servers: readonly RecordedServer[];
  /** Where a second command finds this instance's parts, by names that the starter chooses. */
  readonly addresses: Readonly<Record<string, string>>;
};

export type DataFolderClaim = {
  /** Adds a server to `run.json`, replacing an ended one of its name; give it to the servers as `onSpawn`. */
  readonly recordServer: (server: SpawnedServer) => void;
  /** Publishes addresses for `findLivingInstance`; later ones join earlier ones. */
  readonly announce: (addresses: Readonly<Record<string, string>>) => void;
  /** Gives the folder back; call it after the servers have stopped. */
  readonly release: () => void;
};

type ClaimOptions = {
  readonly onProgress: (message: string) => void;
  /** What is thrown while another living process has the folder. */
  readonly inUse: (folder: string, instance: Instance) => StartError;
};

/**
 * Takes the data folder for this process, making it if need be; stops the servers that a dead predecessor left.
 * Throws a `StartError` while another living instance has it.
 */
export async function claimDataFolder(
  dataDir: string,
  { onProgress = () => undefined, inUse = inUseBy }: Partial<ClaimOptions> = {},
): Promise<DataFolderClaim> {
  try {
    await mkdir(dataDir, { recursive: true });
    return await claim(dataDir, { onProgress, inUse });
  } catch (error) {
    throw explained(dataDir, error);
  }
}

/** The instance that lives in this data folder now, if one does. */
export function findLivingInstance(dataDir: string): Instance | undefined {
  try {
    const instance = readInstance(runFileOf(dataDir));
    return instance !== undefined && isRunning(instance) ? instance : undefined;
  } catch (error) {
    throw explained(dataDir, error);
  }
}

const explained = (dataDir: string, error: unknown): unknown =>
  systemCodeOf(error) === undefined
    ? error
    : new StartError(
        `The data folder ${dataDir} cannot be used: ${messageOf(error)}. Choose another with DOPPEL_DATA_DIR.`,
      );

const runFileOf = (dataDir: string) => join(dataDir, 'run.json');

// A dead instance has one successor: who links `run.json.<its id>` first. Removing a stale run.json instead would let two
// starts that both saw it remove each other's. A successor that died before it took over is succeeded in the same way.
async function claim(dataDir: string, { onProgress, inUse }: ClaimOptions): Promise<DataFolderClaim> {
  const runFile = runFileOf(dataDir);
  const successorFile = (dead: Instance) => `${runFile}.${dead.id}`;
  let instance: Instance = {
    id: randomUUID(),
    ...identityOf(process.pid),
    startedAt: new Date().toISOString(),
    servers: [],
    addresses: {},
  };
  const draft = `${runFile}.${instance.id}.draft`;
  const writeDraft = () => {
    writeFileSync(draft, `${JSON.stringify(instance, null, 2)}\n`, { mode: 0o600 });
  };
  const save = () => {
    writeDraft();
    renameSync(draft, runFile);
  };

  writeDraft();
  try {
    for (;;) {
      const predecessor = readInstance(runFile);
      if (predecessor === undefined) {
        if (tryLink(draft, runFile)) break;
        continue;
      }
      let last = predecessor;
      for (let next: Instance | undefined = last; next !== undefined; next = readInstance(successorFile(last))) {
        last = next;
        if (isRunning(last)) throw inUse(dataDir, last);
      }
      if (!tryLink(draft, successorFile(last))) continue;
      if (readInstance(runFile)?.id !== predecessor.id) {
        // Another start took over meanwhile and has removed its marker: ours means nothing.
        rmSync(successorFile(last), { force: true });
        continue;
      }
      await stopOrphans(predecessor, onProgress);
      renameSync(draft, runFile);
      removeMarkers(dataDir);
      break;
    }
  } finally {
    rmSync(draft, { force: true });
  }

  return {
    recordServer: (server) => {
      const others = instance.servers.filter(({ name }) => name !== server.name);
      instance = { ...instance, servers: [...others, { ...server, ...identityOf(server.pid) }] };
      save();
    },
    announce: (addresses) => {
      instance = { ...instance, addresses: { ...instance.addresses, ...addresses } };
      save();
    },
    release: () => {
      if (readInstance(runFile)?.id === instance.id) rmSync(runFile, { force: true });
    },
  };
}

function readInstance(file: string): Instance | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Instance;
  } catch {
    throw new StartError(`${file} is damaged: make sure that no Doppel runs in this folder, then delete that file.`);
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

const inUseBy = (dataDir: string, { pid }: Instance) =>
  new StartError(
    `The data folder ${dataDir} is in use by another Doppel, process ${String(pid)}: stop that one, or choose another folder with DOPPEL_DATA_DIR.`,
  );

/** Last spawned, first stopped: Temporal goes before the Postgres that jobs write to. */
async function stopOrphans({ servers }: Instance, onProgress: (message: string) => void): Promise<void> {
  for (const server of servers.toReversed()) {
    if (!isRunning(server)) continue;
    onProgress(`Stopping ${server.name} (process ${String(server.pid)}), left behind by a start that was killed …`);
    if ((await endProcess(server, server.stopSignal)) === 'refused') {
      throw new StartError(
        `${server.name} (process ${String(server.pid)}), left behind by a start that was killed, cannot be stopped: end it as the user who owns it, then start again.`,
      );
    }
  }
}

function removeMarkers(dataDir: string): void {
  for (const file of readdirSync(dataDir)) {
    if (file.startsWith('run.json.') && !file.endsWith('.draft')) rmSync(join(dataDir, file), { force: true });
  }
}
