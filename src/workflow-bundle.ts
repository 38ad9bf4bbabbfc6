// The workflows as Temporal's sandbox runs them, in one file: made by `npm run build`, since it takes seconds, or where a worker starts from
// source.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type BundleOptions, type WorkflowBundleOption } from '@temporalio/worker';

const here = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

const builtPath = here('workflow-bundle.js');
const sourceOptions = { workflowsPath: here('workflows') };

/** Gives the workflows that a worker runs. */
export async function openWorkflowBundle(options: Pick<BundleOptions, 'logger'>): Promise<WorkflowBundleOption> {
  if (existsSync(builtPath)) return { codePath: builtPath };
  return bundleWorkflowCode({ ...sourceOptions, ...options });
}

/** Writes the workflows of this build, unless they are written. */
export async function buildWorkflowBundle(options: Pick<BundleOptions, 'logger'>): Promise<void> {
  const madeOf = `// ${await fingerprintOfSources()}\n`;
  const built = await readFile(builtPath, 'utf8').catch(() => '');
  if (built.startsWith(madeOf)) return;
  const { code } = await bundleWorkflowCode({ ...sourceOptions, ...options });
  await writeFile(builtPath, madeOf + code);
}

/** Where all files of workflows are, beside Temporal's SDK, whose versions the lock file has. */
export const workflowFolders = ['workflows', 'src/domain'];

async function fingerprintOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of workflowFolders) {
    const files = (await readdir(here(folder))).filter((file) => file.endsWith('.js'));
    for (const file of files.sort()) hash.update(await readFile(path.join(here(folder), file)));
  }
  hash.update(await readFile(here('../package-lock.json')));
  return hash.digest('hex');
}
