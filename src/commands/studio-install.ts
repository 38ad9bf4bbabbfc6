import path from 'node:path';
import { barOf } from '../cli/progress.ts';
import type { Config } from '../config.ts';
import { installStudio, studioSize } from '../studio/install-studio.ts';
import { ownProgram, studioFolderOf } from '../studio/installed-studio.ts';
import type { StepProgress } from '../studio/run-steps.ts';

/** `doppel studio install`: puts into the data folder what the studio needs, and shows how far that is. */
export async function installTheStudio(config: Config): Promise<void> {
  const startedAt = performance.now();
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interruption.abort();
    });
  }
  const folder = path.relative('', studioFolderOf(config.dataDir));
  const wasMissing = await installStudio({
    dataDir: config.dataDir,
    program: ownProgram(),
    env: config.environment,
    onBegin() {
      const { download, installed, time } = studioSize;
      console.log(
        `Installing the studio into ${folder}: it downloads ${download}, takes ${installed} there, and ${time}.`,
      );
    },
    onProgress: process.stdout.isTTY ? showBar : lines(),
    signal: interruption.signal,
  }).finally(() => {
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(
    wasMissing
      ? `The studio is installed, after ${seconds} s: "npm start" draws with it from now on.`
      : `The studio is installed in ${folder} already: "npm start" draws with it.`,
  );
}

function showBar({ step, of, title, done, line }: StepProgress): void {
  const text = `${barOf(done)} ${(100 * done).toFixed(0).padStart(3)} %  ${String(step)} of ${String(of)}: ${title}  ${line}`;
  process.stdout.write(`\r\u001b[K  ${text.slice(0, process.stdout.columns - 3)}`);
}

/** Where a bar would be many lines: one for each step. */
function lines(): (progress: StepProgress) => void {
  let shown = 0;
  return ({ step, of, title }) => {
    if (step === shown) return;
    shown = step;
    console.log(`  ${String(step)} of ${String(of)}: ${title} …`);
  };
}
