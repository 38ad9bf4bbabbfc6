import type { Command } from 'commander';
import { projectStatuses } from '../domain/project.ts';
import { exitCodes } from './exit-codes.ts';
import { choices, firstOf, withLimit } from './options.ts';
import { changing, inSession, reading, type Shell } from './session.ts';
import { table } from './table.ts';

export function addProjectCommands(program: Command, shell: Shell): void {
  const projects = program.command('projects').description('what influencers are kept in, through the API');

  withLimit(reading(projects.command('list')))
    .description('list projects, the newest first')
    .addOption(choices('--status <status>', 'only these; may be repeated', projectStatuses))
    .action(
      inSession(
        shell,
        async (
          { doppel, answer },
          { limit, status }: { limit: number; status?: (typeof projectStatuses)[number][] },
        ) => {
          const items = await firstOf(doppel.projects.list({ ...(status && { status }) }), limit);
          const rows = items.map(({ id, status, name, createdAt }) => [id, status, name, createdAt]);
          answer(items, table(['PROJECT', 'STATUS', 'NAME', 'CREATED'], rows));
          return exitCodes.done;
        },
      ),
    );

  changing(projects.command('create'))
    .description('make a project')
    .requiredOption('--name <name>', 'display name')
    .option(
      '--timezone <zone>',
      'a name of the IANA time zone database',
      Intl.DateTimeFormat().resolvedOptions().timeZone,
    )
    .action(
      inSession(shell, async ({ doppel, answer, change }, { name, timezone }: { name: string; timezone: string }) => {
        const project = await doppel.projects.create({ name, timezone }, change);
        answer(project, project.id);
        return exitCodes.done;
      }),
    );

  changing(projects.command('archive'))
    .description('archive a project: it can be read, and nothing can be made in it')
    .argument('<project>', 'its id')
    .action(
      inSession(shell, async ({ doppel, answer, change }, projectId: string) => {
        const archived = await doppel.projects.archive(projectId, change);
        answer(archived, `${archived.id} is archived`);
        return exitCodes.done;
      }),
    );
}
