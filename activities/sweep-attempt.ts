import { keysOfAssets } from '../src/db/assets.ts';
import { organizationOfJob } from '../src/db/jobs.ts';
import type { JobAttempt } from '../src/domain/job.ts';
import { attemptFolder } from '../src/storage/storage.ts';
import type { ActivityDeps } from './deps.ts';

type SweepDeps = Pick<ActivityDeps, 'database' | 'storage'>;

/** Removes what was drawn for an attempt that has ended, and never became an image. */
export async function sweepAttempt(deps: SweepDeps, attempt: JobAttempt): Promise<void> {
  const organizationId = await organizationOfJob(deps.database, attempt.jobId);
  if (organizationId !== undefined) await sweepFolder(deps, attemptFolder({ organizationId, ...attempt }));
}

/** Removes what lies in a folder and belongs to no image. Nothing there may become one any more. */
export async function sweepFolder({ database, storage }: SweepDeps, folder: string): Promise<void> {
  for await (const objects of storage.list(folder)) {
    const keys = objects.map(({ key }) => key);
    const recorded = await keysOfAssets(database, keys);
    for (const key of keys) if (!recorded.has(key)) await storage.remove(key);
  }
}
