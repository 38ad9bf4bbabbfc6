import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { findUnsweptJobs, markSwept, type EndedJob } from '../../src/db/ended-jobs.ts';
import { attemptFolder } from '../../src/storage/storage.ts';
import type { ActivityDeps } from '../deps.ts';
import { sweepFolder } from '../sweep-attempt.ts';

const batch = 50;

/**
 * Looks once through what was drawn for each job that ended ten minutes ago, and removes what became no image: late activities
 * draw after the end. Gives how many jobs were looked through; rejects at the end where one could not be, which is tried again.
 * Safe to repeat, and beside a retry: that draws into the folder of its own attempt.
 */
export const sweepDrawings = (deps: Pick<ActivityDeps, 'database' | 'storage'>) => async (): Promise<number> => {
  let swept = 0;
  const failures: unknown[] = [];
  let after: EndedJob | null = null;
  do {
    const jobs: EndedJob[] = await findUnsweptJobs(deps.database, after, batch);
    for (const job of jobs) {
      cancellationSignal().throwIfAborted();
      try {
        for (let attempt = 1; attempt <= job.attempt; attempt++) {
          await sweepFolder(deps, attemptFolder({ ...job, attempt }));
        }
        await markSwept(deps.database, job);
        swept++;
      } catch (error) {
        failures.push(error);
      }
      heartbeat(swept);
    }
    after = jobs.length === batch ? (jobs.at(-1) ?? null) : null;
  } while (after !== null);
  if (failures.length > 0) throw new AggregateError(failures, 'some drawings could not be looked through');
  return swept;
};
