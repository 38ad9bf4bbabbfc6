// The commands for who runs the service. Each loads only what it runs.

import { InvalidArgumentError, Option, type Command } from 'commander';
import { positive } from '../cli/options.ts';
import type { Config } from '../config.ts';
import { environments, type Environment } from '../domain/influencer.ts';
import { scopes, tiers, type Scope, type Tier } from '../domain/scopes.ts';

const listOf =
  <Item extends string>(allowed: readonly Item[]) =>
  (text: string): Item[] =>
    text.split(',').map((one) => {
      const item = allowed.find((name) => name === one.trim());
      if (item === undefined) throw new InvalidArgumentError(`“${one}” is not one of ${allowed.join(', ')}.`);
      return item;
    });
const scopeList = listOf<Scope>(scopes);
const percentage = (text: string): number => {
  const percent = Number(text);
  if (!(percent >= 0 && percent <= 100)) throw new InvalidArgumentError('It is a number from 0 to 100.');
  return percent;
};
export function addServiceCommands(program: Command, loadConfig: () => Config): void {
  program.commandsGroup('For who runs it:');

  program
    .command('start')
    .description('run everything in one process, with a Postgres and a Temporal of its own where none are configured')
    .action(async () => (await import('./start.ts')).start(loadConfig()));

  program
    .command('demo')
    .description('clone the demo influencer, watch the job, and lay out source and clone on one sheet')
    .action(async () => (await import('./demo.ts')).demo(loadConfig()));

  program
    .command('studio')
    .description('the renderer that is a program of its own')
    .command('install')
    .description('put into the data folder what the studio draws with: Blender, and people, clothes and hair')
    .action(async () => (await import('./studio-install.ts')).installTheStudio(loadConfig()));

  program
    .command('api')
    .description('run one API process')
    .action(async () => (await import('./api.ts')).api(loadConfig()));

  program
    .command('worker')
    .description('run one worker process')
    .action(async () => (await import('./worker.ts')).worker(loadConfig()));

  program
    .command('migrate')
    .description('bring the database to the schema of this release')
    .action(async () => (await import('./migrate.ts')).migrateDatabase(loadConfig()));

  const organizations = program.command('organizations').description('whose influencers are kept');
  const tierOption = new Option('--tier <tier>', 'what its keys may do a minute').choices(tiers);

  organizations
    .command('create')
    .description('make an organization, and print its first key, which may do everything')
    .requiredOption('--name <name>', 'display name')
    .addOption(tierOption.default('standard'))
    .action(async (options: { name: string; tier: Tier }) =>
      (await import('./organizations.ts')).createOrganization(loadConfig(), options),
    );

  organizations
    .command('set-tier')
    .description('change the tier of an organization')
    .argument('<organization>', 'its id')
    .addOption(new Option('--tier <tier>', tierOption.description).choices(tiers).makeOptionMandatory())
    .action(async (organization: string, options: { tier: Tier }) =>
      (await import('./organizations.ts')).changeTier(loadConfig(), { organization, ...options }),
    );

  organizations
    .command('erase')
    .description('erase an organization with all that it has, and its images in the data folder')
    .argument('<organization>', 'its id')
    .option('--yes', 'that is meant: nothing of it can be had back', false)
    .action(async (organization: string, { yes }: { yes: boolean }) =>
      (await import('./organizations.ts')).eraseEverythingOf(loadConfig(), { organization, isConfirmed: yes }),
    );

  organizations
    .command('create-key')
    .description('make an API key of an organization and print it, this once')
    .argument('<organization>', 'its id')
    .requiredOption('--scopes <scopes>', `what it may do: ${scopes.join(', ')}`, scopeList)
    .addOption(new Option('--env <environment>', 'which data it sees').choices(environments).default('live'))
    .option('--name <name>', 'display name', 'Made on the command line')
    .action(async (organization: string, options: { scopes: Scope[]; env: Environment; name: string }) =>
      (await import('./organizations.ts')).createKey(loadConfig(), { organization, ...options }),
    );

  program
    .command('storage')
    .description('where the images are kept')
    .command('verify')
    .description(
      'compare what is stored with what the database says; exits with 1 where an image is missing or damaged',
    )
    .option('--checksums', 'read every picture, and compare its bytes too', false)
    .action(async (options: { checksums: boolean }) =>
      (await import('./storage.ts')).verifyStorage(loadConfig(), options),
    );

  program
    .command('codec-server')
    .description('run what shows Temporal’s UI what Temporal keeps encrypted; see CODEC_KEYS')
    .action(async () => (await import('./codec-server.ts')).codecServer(loadConfig()));

  program
    .command('backup')
    .description('copy all rows and all pictures into a folder, beside everything that runs')
    .argument('<folder>', 'a new one, or one with an older backup')
    .action(async (folder: string) => (await import('./backup.ts')).backup(loadConfig(), folder));

  program
    .command('restore')
    .description('put a backup into an empty database, and its pictures into the storage')
    .argument('<folder>', 'what `doppel backup` wrote')
    .action(async (folder: string) => (await import('./backup.ts')).restore(loadConfig(), folder));

  program
    .command('replay')
    .description(
      'run this release’s workflow code over histories that Temporal has, and name those that it would not go on with',
    )
    .option('--query <filter>', 'which workflows, in Temporal’s list filter language', 'ExecutionStatus="Running"')
    .option('--limit <number>', 'how many at most, the newest first', positive, 100)
    .action(async (options: { query: string; limit: number }) =>
      (await import('./replay.ts')).replay(loadConfig(), options),
    );

  const workerVersions = program
    .command('worker-versions')
    .description('which release of the workers takes the jobs that begin; see WORKER_BUILD_ID');

  workerVersions
    .command('list')
    .description('name the versions whose workers have come, the newest first, and what each is')
    .action(async () => (await import('./worker-versions.ts')).listVersions(loadConfig()));

  workerVersions
    .command('make-current')
    .description('have all jobs that begin from now on begin on a version')
    .argument('<build-id>', 'its WORKER_BUILD_ID')
    .action(async (buildId: string) => (await import('./worker-versions.ts')).makeCurrent(loadConfig(), buildId));

  workerVersions
    .command('ramp')
    .description('have a part of the jobs that begin from now on begin on a version')
    .argument('<build-id>', 'its WORKER_BUILD_ID')
    .requiredOption('--percent <percent>', 'which part, from 0 (which ends it) to 100', percentage)
    .action(async (buildId: string, { percent }: { percent: number }) =>
      (await import('./worker-versions.ts')).ramp(loadConfig(), { buildId, percent }),
    );
}
