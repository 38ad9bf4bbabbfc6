// `doppel demo`: the main job as a caller would do it, over the API alone, with something to look at in the end.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { contactSheet } from '../../activities/rendering/contact-sheet.ts';
import { DoppelClient } from '../client/index.ts';
import type { Config } from '../config.ts';
import { progressOf } from '../cli/progress.ts';
import { readDemo, type Demo } from '../demo-file.ts';
import { startEverything } from '../embedded.ts';
import { findLivingInstance } from '../embedded/instance-lock.ts';
import type { Influencer } from '../schemas/influencer.ts';
import type { Job } from '../schemas/job.ts';
import { StartError } from '../start-error.ts';
import { installTemporalRuntime } from '../temporal-runtime.ts';
import { openLogFile } from './open-log.ts';
import { runUntilStopped } from './run-until-stopped.ts';

const overrides = { vibe: 'sharper, more deadpan', style: 'streetwear' };
const doneWithinMinutes = { illustrated: 5, ai: 5, studio: 120 };

export async function demo(config: Config): Promise<void> {
  const running = findLivingInstance(config.dataDir);
  const known = running === undefined ? null : await readDemo(config.dataDir);
  if (known !== null) {
    await cloneAndShow(known, config.dataDir);
    return;
  }
  console.log('Nothing runs yet: starting everything for the demo');
  const { log } = openLogFile(config);
  await runUntilStopped(async (opened, signal) => {
    opened.add(installTemporalRuntime(log));
    const everything = await startEverything(config, opened, { onProgress: say, log, signal });
    await cloneAndShow(everything.demo, config.dataDir);
    console.log('\nEverything stops now; "npm start" brings it back, the clone included.');
    return { ended: Promise.resolve(null) };
  });
}

const say = (message: string) => {
  console.log(`  ${message}`);
};

async function cloneAndShow(known: Demo, dataDir: string): Promise<void> {
  const doppel = new DoppelClient({ baseUrl: known.apiUrl, apiKey: known.apiKey });
  const withinMinutes = doneWithinMinutes[known.renderer ?? 'illustrated'];
  const source = await drawnSource(doppel, known.influencerId, withinMinutes);
  const name = `${source.name} (EU)`;
  console.log(`\nCloning ${source.name} with ${JSON.stringify(overrides)}`);
  const { jobId, influencerId } = await doppel.influencers.clone(known.influencerId, { name, overrides });
  await watch(doppel, jobId, withinMinutes);
  const clone = await doppel.influencers.get(influencerId);

  const folder = path.join(dataDir, 'demo');
  await mkdir(folder, { recursive: true });
  const rows = await Promise.all(
    [
      { title: source.name, subtitle: 'the source', file: 'source', person: source },
      { title: clone.name, subtitle: Object.values(overrides).join(' · '), file: 'clone', person: clone },
    ].map(async ({ file, person, ...row }) => ({
      ...row,
      images: await Promise.all(
        person.referenceImages.map(async ({ url, shot }) => {
          const caption = shot ?? 'uploaded';
          const bytes = await pictureAt(url);
          await writeFile(path.join(folder, `${file}-${caption}.webp`), bytes);
          return { bytes, caption };
        }),
      ),
    })),
  );
  const sheet = path.join(folder, 'contact-sheet.png');
  await writeFile(sheet, await contactSheet(rows));

  console.log(`
  Contact sheet  ${path.relative('', sheet)}
  Images         ${path.relative('', folder)}/source-*.webp, clone-*.webp
  The clone      ${known.apiUrl}/v1/influencers/${influencerId}`);
  if (known.temporalUiUrl !== null) {
    console.log(`  Its workflow   ${known.temporalUiUrl}/namespaces/default/workflows/${jobId}`);
  }
}

/** The influencer with its images: where the studio draws them, they may still be made. */
async function drawnSource(doppel: DoppelClient, influencerId: string, withinMinutes: number): Promise<Influencer> {
  const { name, status, jobId } = await doppel.influencers.get(influencerId);
  if (status !== 'ready') {
    console.log(`\n${name} is drawn first`);
    if (status === 'failed') await doppel.jobs.retry(jobId);
    await watch(doppel, jobId, withinMinutes);
  }
  return doppel.influencers.get(influencerId);
}

/** Shows a job as a bar, and each image as it comes, until it has ended; throws a `StartError` when it did not complete. */
async function watch(doppel: DoppelClient, jobId: string, withinMinutes: number): Promise<void> {
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  const shown = new Set<string>();
  const clear = process.stdout.isTTY ? '\r\u001b[K' : '';
  const show = (job: Job) => {
    for (const { shot, status } of job.images.items) {
      if (status !== 'rendered' || shown.has(shot)) continue;
      shown.add(shot);
      console.log(`${clear}  ${shot}, ${String(shown.size)} of ${String(job.images.total)}, after ${seconds()} s`);
    }
    if (process.stdout.isTTY) process.stdout.write(`${clear}  ${progressOf(job)}`);
    if (job.status !== 'running') console.log(process.stdout.isTTY ? '' : `  ${progressOf(job)}`);
  };
  const signal = AbortSignal.timeout(withinMinutes * 60_000);
  const job = await doppel.jobs.wait(jobId, { onChange: show, signal }).catch((error: unknown) => {
    throw signal.aborted
      ? new StartError(`The job still runs after ${String(withinMinutes)} minutes (${jobId}).`)
      : error;
  });
  if (job.status !== 'completed') {
    throw new StartError(`The job ended as ${job.status}: ${job.error?.message ?? 'no reason is known'}`);
  }
  console.log(`  All of it took ${seconds()} s.`);
}

async function pictureAt(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new StartError(`${url} answered ${String(response.status)}.`);
  return new Uint8Array(await response.arrayBuffer());
}
