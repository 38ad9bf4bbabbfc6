// A job as somebody watches it: a bar until it has ended, then what came of it.

import { writeFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Job } from '../client/index.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { progressOf } from './progress.ts';
import type { Session } from './session.ts';
import { oneLine } from './table.ts';

export interface WatchOptions {
  /** In seconds; without it until the job has ended. */
  timeout?: number;
  /** A folder that the images are put into. */
  download?: string;
}

/**
 * Shows a job until it has ended, and gives the exit code. An interruption, or the end of the time, leaves the job alone, and says how to
 * go on.
 */
export async function watchJob(session: Session, jobId: string, options: WatchOptions): Promise<ExitCode> {
  const { doppel, say, answer, stderr } = session;
  const stop = new AbortController();
  const interrupted = session.interrupted();
  const onInterruption = () => {
    stop.abort();
  };
  interrupted.addEventListener('abort', onInterruption, { once: true });
  const timer = options.timeout === undefined ? undefined : setTimeout(onInterruption, options.timeout * 1_000);
  let shown = '';
  const show = (job: Job) => {
    const line = progressOf(job);
    if (line === shown) return;
    shown = line;
    stderr.write(stderr.isTTY === true ? `\r\u001b[K${line}` : `${line}\n`);
  };
  try {
    const job = await doppel.jobs.wait(jobId, { onChange: show, signal: stop.signal });
    if (stderr.isTTY === true) stderr.write('\n');
    const images = await imagesOf(job, options.download);
    answer(job, [`${job.influencerId} is ${job.status}`, ...images].join('\n'));
    if (job.status === 'completed') return exitCodes.done;
    if (job.error !== null) say(`${job.error.message} (${job.error.code})`);
    if (job.status === 'canceled' || job.error?.retryable === true) say(`  doppel jobs retry ${jobId} --wait`);
    return exitCodes.failed;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    if (stderr.isTTY === true) stderr.write('\n');
    say(`The job still runs. To go on watching it:\n  doppel jobs watch ${jobId}`);
    return exitCodes.stillRunning;
  } finally {
    clearTimeout(timer);
    interrupted.removeEventListener('abort', onInterruption);
  }
}

/** Where a job's images are: their URLs, or the files that they were put into. */
async function imagesOf(job: Job, folder: string | undefined): Promise<string[]> {
  const images = job.images.items.flatMap(({ shot, url }) => (url === null ? [] : [{ name: shot, url }]));
  if (folder === undefined) return images.map(({ name, url }) => `  ${name.padEnd(14)}${oneLine(url)}`);
  return saveImages(images, folder);
}

/** Puts pictures into a folder; gives the files. */
export async function saveImages(images: readonly { name: string; url: string }[], folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  return Promise.all(
    images.map(async ({ name, url }) => {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${name} is answered ${String(response.status)}`);
      const type = response.headers.get('Content-Type')?.split('/')[1] ?? 'webp';
      const file = path.join(folder, `${name}.${type === 'jpeg' ? 'jpg' : type}`);
      await writeFile(file, new Uint8Array(await response.arrayBuffer()));
      return `  ${file}`;
    }),
  );
}
