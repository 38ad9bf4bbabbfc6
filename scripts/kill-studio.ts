// Kills the studio while clones are drawn, its worker and the Blender that draws for it by turns, at moments that a seed decides, and
// looks afterwards whether a picture is missing or doubled, or a process left. Needs Linux, and a data folder with an installed studio,
// of which nothing else is touched.
//
//   npm run studio:kills -- --jobs 20 --kills 10 --seed N

import { readdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { DoppelClient } from '../src/client/index.ts';
import { readConfig } from '../src/config.ts';
import { openDatabase, query, type Trx } from '../src/db/database.ts';
import { sortObjects } from '../src/db/stored-objects.ts';
import { readDemo, type Demo } from '../src/demo-file.ts';
import { parseId } from '../src/domain/ids.ts';
import { shots } from '../src/domain/shots.ts';
import { isRunning, startTimeOf, type ProcessIdentity } from '../src/embedded/process-identity.ts';
import { openStorage, storageFolderOf } from '../src/storage/open-storage.ts';
import { ownerOf } from '../src/storage/storage.ts';
import { findStudio, ownProgram, studioFolderOf } from '../src/studio/installed-studio.ts';
import { seededRandom } from '../test/faults/random.ts';
import { readRunFile, spawnDoppel, untilGone } from '../test/support/doppel-process.ts';
import { eventually, until } from '../test/support/eventually.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../test/support/temporary-folder.ts';

const { jobs, kills, seed } = new Command('studio:kills')
  .option('--jobs <n>', 'how many clones are drawn', Number, 20)
  .option('--kills <n>', 'how often something is killed', Number, 10)
  .option('--seed <n>', 'repeats a run', Number, Date.now() % 1_000_000)
  .parse()
  .opts<{ jobs: number; kills: number; seed: number }>();
const pictures = jobs * shots.length;
const withinMs = 30 * 60_000;
/** By when a Blender has ended whose worker was killed. */
const outlivingMaxMs = 5_000;
const random = seededRandom(seed);
/** Each comes some time after so many pictures are drawn, when a few are left to draw. */
const moments = Array.from({ length: kills }, () => ({
  drawn: random.below(pictures - 3),
  delayMs: random.below(5_000),
})).sort((one, other) => one.drawn - other.drawn);

const { dataDir } = readConfig(process.env);
if ((await findStudio(dataDir, ownProgram())) === null) {
  throw new Error(`${dataDir} has no studio of this release: "npm run studio:install" installs it there.`);
}
const folder = await makeTemporaryFolder();
await symlink(studioFolderOf(path.resolve(dataDir)), studioFolderOf(folder));
const doppel = spawnDoppel(['start'], {
  cwd: folder,
  env: { DOPPEL_DATA_DIR: folder, PORT: '0', RENDERER: 'studio', STUDIO_QUALITY: 'draft' },
});

interface StudioProcess extends ProcessIdentity {
  parent: number;
}
const isWorker = ({ parent }: StudioProcess) => parent === doppel.pid;
/** All that there ever were. */
const seen = new Map<string, StudioProcess>();
const rows: Record<string, { expected: number; found: number }> = {};
const compare = (what: string, expected: number, found: number) => {
  rows[what] = { expected, found };
};

console.log(`seed ${String(seed)}; logs and data are in ${folder}, until all has gone well`);
try {
  await doppel.says(/^Ready/m, 180_000);
  const [demo, databaseUrl] = [await readDemo(folder), (await readRunFile(folder))?.addresses['databaseUrl']];
  if (demo === null || databaseUrl === undefined) throw new Error('it is ready, and does not say where');
  const database = openDatabase(databaseUrl, { poolMax: 2 });
  await killAndLook(demo, database).finally(() => database.destroy());
} finally {
  doppel.kill('SIGTERM');
  compare('starts that did not end well', 0, (await doppel.exited) === 0 ? 0 : 1);
  await look();
  compare('processes of the studio that are left', 0, [...seen.values()].filter(isRunning).length);
}
console.table(rows);
if (Object.values(rows).every(({ expected, found }) => expected === found)) await removeTemporaryFolder(folder);
else process.exitCode = 1;

async function killAndLook({ apiUrl, apiKey, influencerId }: Demo, database: Trx): Promise<void> {
  const client = new DoppelClient({ baseUrl: apiUrl, apiKey });
  const source = await client.influencers.get(influencerId);
  await client.jobs.wait(source.jobId, { signal: AbortSignal.timeout(withinMs) });
  const clones = await Promise.all(
    Array.from({ length: jobs }, (_, index) => {
      const overrides = { hairColor: random.pick(['black', 'blonde', 'auburn', 'grey']) };
      return client.influencers.clone(influencerId, { name: `Clone ${String(index + 1)}`, overrides });
    }),
  );
  const startedAt = performance.now();
  const say = (text: string) => {
    console.log(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(7)} s  ${text}`);
  };
  const jobIds = clones.map(({ jobId }) => parseId('job', jobId));
  const count = async (what: string) =>
    (await query<{ count: number }>(database, `select count(${what}`, { jobIds }))[0]?.count ?? Number.NaN;
  const drawn = () => count(`*)::int from job_shots where job_id = any(:jobIds) and status = 'rendered'`);
  const running = () => count(`*)::int from jobs where id = any(:jobIds) and status = 'running'`);
  const reach = (what: string, isReached: () => Promise<boolean>) =>
    until(what, () => look().then(isReached), { withinMs: startedAt + withinMs - performance.now(), everyMs: 500 });

  const killed = { worker: 0, Blender: 0, outliving: 0 };
  for (const [index, moment] of moments.entries()) {
    const hasCome = async () => (await drawn()) >= moment.drawn || (await running()) === 0;
    await reach(`${String(moment.drawn)} pictures are drawn`, hasCome);
    await delay(moment.delayMs);
    if ((await running()) === 0) break;
    const what = index % 2 === 0 ? 'worker' : 'Blender';
    const { pid, children } = await kill(what);
    killed[what]++;
    say(`${String(await drawn())} of ${String(pictures)} drawn: the ${what} ${String(pid)} is killed`);
    for (const child of children) {
      const end = await untilGone([child], outlivingMaxMs).then(
        () => 'ended with it',
        () => `goes on after ${String(outlivingMaxMs)} ms`,
      );
      if (end !== 'ended with it') killed.outliving++;
      say(`its Blender ${String(child)} ${end}`);
    }
  }
  await reach('all jobs have ended', async () => (await running()) === 0).then(
    () => {
      say('all jobs have ended');
    },
    (error: unknown) => {
      say(String(error)); // and what is missing is told below
    },
  );

  compare('kills', kills, killed.worker + killed.Blender);
  compare('workers that were started', 1 + killed.worker, [...seen.values()].filter(isWorker).length);
  compare('Blenders that outlived their worker', 0, killed.outliving);
  const ended = await Promise.all(clones.map(({ jobId }) => client.jobs.get(jobId)));
  compare('jobs that completed', jobs, ended.filter(({ status }) => status === 'completed').length);
  const influencers = await Promise.all(clones.map((clone) => client.influencers.get(clone.influencerId)));
  const sets = influencers.map(({ referenceImages }) => referenceImages);
  const isWhole = (set: (typeof sets)[number]) =>
    String(set.map(({ shot }) => shot).sort()) === String([...shots].sort());
  compare('influencers with one image for each shot', jobs, sets.filter(isWhole).length);
  const answers = await Promise.all(sets.flat().map(({ url }) => fetch(url)));
  compare('images that the API gives', pictures, answers.filter(({ ok }) => ok).length);

  const drawings = `from assets where split_part(storage_key, '/', 2) = any(:jobIds) and provenance ->> 'renderer' = 'studio'`;
  compare('assets', pictures, await count(`*)::int ${drawings}`));
  compare(
    'different ones',
    pictures,
    await count(`distinct (split_part(storage_key, '/', 2), sha256))::int ${drawings}`),
  );

  const objects = { named: 0, unnamed: 0, foreign: 0 };
  for await (const page of (await openStorage({ kind: 'files', folder: storageFolderOf(folder) })).storage.list('')) {
    const { named, unnamed, foreign } = await sortObjects(database, page);
    objects.named += named.filter(({ key }) => jobIds.includes(ownerOf(key)?.id ?? '')).length;
    objects.unnamed += unnamed.length;
    objects.foreign += foreign.length;
  }
  compare('images and thumbnails in the storage', 2 * pictures, objects.named);
  compare('objects that the collector would never remove', 0, objects.foreign);
  say(`${String(objects.unnamed)} objects, of drawings that were broken off, wait for the collector`);
}

/** Looks which processes of this folder's studio there are, and keeps in mind that there were. */
async function look(): Promise<StudioProcess[]> {
  const processes: StudioProcess[] = [];
  for (const pid of (await readdir('/proc')).map(Number).filter(Number.isInteger)) {
    // One that has ended since has none.
    const read = (file: string) => readFile(`/proc/${String(pid)}/${file}`, 'utf8').catch(() => '');
    const [command, status, startTime] = [await read('cmdline'), await read('status'), startTimeOf(pid)];
    if (startTime === undefined || !command.includes(folder) || !command.includes('doppel_studio')) continue;
    const found = { pid, startTime, parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]) };
    processes.push(found);
    seen.set(`${String(pid)} ${startTime}`, found);
  }
  return processes;
}

/** Kills the worker, or the Blender that draws for it, as soon as there is one; gives its pid, and those of whom it was the parent. */
function kill(what: 'worker' | 'Blender'): Promise<{ pid: number; children: number[] }> {
  const attempt = async () => {
    const processes = await look();
    const childrenOf = (parent?: number) => processes.filter((one) => one.parent === parent);
    const [worker] = childrenOf(doppel.pid);
    const target = what === 'worker' ? worker : childrenOf(worker?.pid)[0];
    if (target === undefined) return undefined;
    process.kill(target.pid, 'SIGKILL');
    return { pid: target.pid, children: childrenOf(target.pid).map(({ pid }) => pid) };
  };
  return eventually(`there is a ${what} to kill`, attempt, { withinMs: 180_000 });
}
