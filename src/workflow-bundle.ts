// The workflows as Temporal's sandbox runs them, in one file: made by `npm run build`, since it takes seconds, or where a worker starts from
// source.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type BundleOptions, type WorkflowBundleOption } from '@temporalio/worker';

const here = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

const workflowsPath = here('workflows');
const kinds = {
  plain: { builtPath: here('workflow-bundle.js'), sources: { workflowsPath } },
  /** With what makes spans of workflows, which no other worker carries. */
  traced: {
    builtPath: here('workflow-bundle.traced.js'),
    sources: {
      workflowsPath,
      workflowInterceptorModules: [
        createRequire(import.meta.url).resolve('@temporalio/interceptors-opentelemetry/lib/workflow-interceptors'),
      ],
    },
  },
};

/** Gives the workflows that a worker runs. */
export async function openWorkflowBundle({
  kind = 'plain',
  ...options
}: Pick<BundleOptions, 'logger'> & { kind?: keyof typeof kinds }): Promise<WorkflowBundleOption> {
  const { builtPath, sources } = kinds[kind];
  if (existsSync(builtPath)) return { codePath: builtPath };
  return bundleWorkflowCode({ ...sources, ...options });
}

/** Writes the workflows of this build, unless they are written. */
export async function buildWorkflowBundles(options: Pick<BundleOptions, 'logger'>): Promise<void> {
  const madeOf = `// ${await fingerprintOfSources()}\n`;
  for (const { builtPath, sources } of Object.values(kinds)) {
    const built = await readFile(builtPath, 'utf8').catch(() => '');
    if (built.startsWith(madeOf)) continue;
    const { code } = await bundleWorkflowCode({ ...sources, ...options });
    await writeFile(builtPath, madeOf + code);
  }
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
