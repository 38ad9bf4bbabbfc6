import type { Command } from 'commander';
import { jobStatuses } from '../domain/job.ts';
import { exitCodes } from './exit-codes.ts';
import { goOn } from './influencers.ts';
import { choices, firstOf, withLimit, withWaiting, withWatching, type WaitingOptions } from './options.ts';
import { progressOf } from './progress.ts';
import { changing, inSession, reading, type Shell } from './session.ts';
import { sheet, table } from './table.ts';
import { watchJob, type WatchOptions } from './watch-job.ts';

interface ListOptions {
  limit: number;
  status?: (typeof jobStatuses)[number][];
  project?: string;
  influencer?: string;
}

export function addJobCommands(program: Command, shell: Shell): void {
  const jobs = program.command('jobs').description('what makes influencers, through the API');

  withLimit(reading(jobs.command('list')))
    .description('list jobs, the newest first')
    .addOption(choices('--status <status>', 'only these; may be repeated', jobStatuses))
    .option('--project <id>', 'only those of this project')
    .option('--influencer <id>', 'only those of this influencer')
    .action(
      inSession(shell, async ({ doppel, answer }, { limit, status, project, influencer }: ListOptions) => {
        const filters = {
          ...(status && { status }),
          ...(project && { projectId: project }),
          ...(influencer && { influencerId: influencer }),
        };
        const items = await firstOf(doppel.jobs.list(filters), limit);
        const rows = items.map((one) => [one.jobId, one.status, one.stage, one.influencerId, one.startedAt]);
        answer(items, table(['JOB', 'STATUS', 'STAGE', 'INFLUENCER', 'STARTED'], rows));
        return exitCodes.done;
      }),
    );

  reading(jobs.command('get'))
    .description('show one')
    .argument('<job>', 'its id')
    .action(
      inSession(shell, async ({ doppel, answer }, jobId: string) => {
        const job = await doppel.jobs.get(jobId);
        const { status, stage, influencerId, attempt, startedAt, finishedAt, waiting, error } = job;
        answer(
          job,
          `${progressOf(job)}\n${sheet({
            jobId: job.jobId,
            status,
            stage,
            influencerId,
            attempt: String(attempt),
            startedAt,
            finishedAt,
            waiting: waiting && `${waiting.reason} since ${waiting.since}`,
            error: error && `${error.message} (${error.code})`,
          })}`,
        );
        return exitCodes.done;
      }),
    );

  withWatching(reading(jobs.command('watch')))
    .description('show a job until it has ended')
    .argument('<job>', 'its id')
    .action(inSession(shell, (session, jobId: string, options: WatchOptions) => watchJob(session, jobId, options)));

  changing(jobs.command('cancel'))
    .description('ask for a job to be stopped')
    .argument('<job>', 'its id')
    .action(
      inSession(shell, async ({ doppel, answer, change }, jobId: string) => {
        const cancellation = await doppel.jobs.cancel(jobId, change);
        answer(cancellation, cancellation.accepted ? `${jobId} will be canceled` : `${jobId} has ended already`);
        return cancellation.accepted ? exitCodes.done : exitCodes.refused;
      }),
    );

  withWaiting(changing(jobs.command('retry')))
    .description('begin the next attempt of a job that failed or was canceled: what is missing is rendered')
    .argument('<job>', 'its id')
    .action(
      inSession(shell, async (session, jobId: string, options: WaitingOptions) =>
        goOn(session, await session.doppel.jobs.retry(jobId, session.change), options),
      ),
    );
}
