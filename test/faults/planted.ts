// Bugs that are planted to see whether the harness finds them: the code is copied, and changed in one place.

import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Plant {
  file: string;
  /** What stands there, and what stands there instead. */
  change: readonly (readonly [from: string, to: string])[];
  /** The fault under which it shows. */
  fault: number;
  /** Where a worker is killed, if the bug shows there alone. */
  killedAt?: string;
}

export const plants: Readonly<Record<string, Plant>> = {
  'start-before-commit': {
    file: 'src/http/idempotency.ts',
    change: [
      [
        '      const answer = await acceptJob({\n',
        `      const { job } = jobRequest;\n      if ('projectId' in job) jobRequest.afterCommit({ ...job, mayStart: true, startedAt: new Date() });\n      const answer = await acceptJob({\n`,
      ],
    ],
    fault: 2,
  },
  'no-unique-key': {
    file: 'src/http/idempotency.ts',
    change: [['key === null ? null : { key,', 'key === null ? null : { key: key + Math.random(),']],
    fault: 4,
  },
  'non-idempotent-activity': {
    file: 'activities/copy-reference-metadata.ts',
    change: [[`if (job.stage === 'queued') {`, 'if (job.shots.length > 0) {']],
    fault: 4,
  },
  'missing-tenant-filter': {
    file: 'src/db/jobs.ts',
    change: [
      [
        'where j.organization_id = :organizationId and j.id = :id and j.environment = :environment',
        'where j.id = :id and j.environment = :environment and :organizationId::text is not null',
      ],
    ],
    fault: 8,
  },
  'jobs-change-version': {
    file: 'workflows/influencer-create.ts',
    change: [[`{ versioningBehavior: 'PINNED' }`, `{ versioningBehavior: 'AUTO_UPGRADE' }`]],
    fault: 12,
  },
  'terminal-write-in-two-transactions': {
    file: 'activities/publish-influencer.ts',
    change: [
      [`      const isThere = await moveInfluencer(trx, job, 'ready');\n`, `      ended = job;\n`],
      [`{ status: isThere ? 'completed' : 'canceled' }`, `{ status: 'completed' }`],
      [
        `      return 'published';\n    });\n`,
        `      return 'published';\n    });\n    const done = ended;\n    await database.raw('select 1 as between_them');\n    if (done) await database.transaction((trx) => moveInfluencer(trx, done, 'ready'));\n    return outcome;\n`,
      ],
      [
        `    return database.transaction(async (trx) => {\n`,
        `    let ended: Parameters<typeof moveInfluencer>[1] | undefined;\n    const outcome = await database.transaction(async (trx) => {\n`,
      ],
    ],
    fault: 8,
    killedAt: '^pg select 1 as between_them',
  },
};

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url));

/** Copies what a process of Doppel runs to a folder, with a bug in it; gives the folder. Throws where its place has changed. */
export async function plant(name: string, into: string): Promise<string> {
  const planted = plants[name];
  if (planted === undefined) throw new Error(`there is no ${name}; there are ${Object.keys(plants).join(', ')}`);
  const tree = join(into, 'planted');
  await mkdir(tree);
  for (const part of ['src', 'workflows', 'activities', 'test', 'package.json', 'tsconfig.json']) {
    await cp(join(projectFolder, part), join(tree, part), { recursive: true });
  }
  await symlink(join(projectFolder, 'node_modules'), join(tree, 'node_modules'));
  const file = join(tree, planted.file);
  let text = await readFile(file, 'utf8');
  for (const [from, to] of planted.change) {
    if (text.split(from).length !== 2) throw new Error(`${planted.file} does not say once: ${from}`);
    text = text.replace(from, () => to);
  }
  await writeFile(file, text);
  return tree;
}
