#!/usr/bin/env node
// The command line. Each command loads only what it runs; one that cannot go on says why in a sentence and exits with 1.

import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readConfig, type Config } from './config.ts';
import { environments, type Environment } from './domain/influencer.ts';
import { scopes, tiers, type Scope, type Tier } from './domain/scopes.ts';
import { StartError } from './start-error.ts';

// What one start has compiled the next one need not, from Node 22 on.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

function loadConfig(): Config {
  if (existsSync('.env')) process.loadEnvFile('.env'); // what the environment sets already counts more
  return readConfig(process.env);
}

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
const positive = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 on.');
  return Number(text);
};

// By the package's own name, so that the same line works from src and from dist.
const { version } = createRequire(import.meta.url)('doppel/package.json') as { version: string };

const program = new Command('doppel')
  .description('Keeps synthetic influencers and clones them.')
  .version(version)
  .showHelpAfterError();

program
  .command('start')
  .description('run everything in one process, with a Postgres and a Temporal of its own where none are configured')
  .action(async () => (await import('./commands/start.ts')).start(loadConfig()));

program
  .command('demo')
  .description('clone the demo influencer, watch the job, and lay out source and clone on one sheet')
  .action(async () => (await import('./commands/demo.ts')).demo(loadConfig()));

program
  .command('api')
  .description('run one API process')
  .action(async () => (await import('./commands/api.ts')).api(loadConfig()));

program
  .command('worker')
  .description('run one worker process')
  .action(async () => (await import('./commands/worker.ts')).worker(loadConfig()));

program
  .command('migrate')
  .description('bring the database to the schema of this release')
  .action(async () => (await import('./commands/migrate.ts')).migrateDatabase(loadConfig()));

const organizations = program.command('organizations').description('whose influencers are kept');
const tierOption = new Option('--tier <tier>', 'what its keys may do a minute').choices(tiers);

organizations
  .command('create')
  .description('make an organization, and print its first key, which may do everything')
  .requiredOption('--name <name>', 'display name')
  .addOption(tierOption.default('standard'))
  .action(async (options: { name: string; tier: Tier }) =>
    (await import('./commands/organizations.ts')).createOrganization(loadConfig(), options),
  );

organizations
  .command('set-tier')
  .description('change the tier of an organization')
  .argument('<organization>', 'its id')
  .addOption(new Option('--tier <tier>', tierOption.description).choices(tiers).makeOptionMandatory())
  .action(async (organization: string, options: { tier: Tier }) =>
    (await import('./commands/organizations.ts')).changeTier(loadConfig(), { organization, ...options }),
  );

organizations
  .command('erase')
  .description('erase an organization with all that it has, and its images in the data folder')
  .argument('<organization>', 'its id')
  .option('--yes', 'that is meant: nothing of it can be had back', false)
  .action(async (organization: string, { yes }: { yes: boolean }) =>
    (await import('./commands/organizations.ts')).eraseEverythingOf(loadConfig(), { organization, isConfirmed: yes }),
  );

program
  .command('keys')
  .description('what callers authenticate with')
  .command('create')
  .description('make an API key and print it, this once')
  .requiredOption('--organization <id>', 'whose key it is')
  .requiredOption('--scopes <scopes>', `what it may do: ${scopes.join(', ')}`, scopeList)
  .addOption(new Option('--env <environment>', 'which data it sees').choices(environments).default('live'))
  .option('--name <name>', 'display name', 'Made on the command line')
  .action(async (options: { organization: string; scopes: Scope[]; env: Environment; name: string }) =>
    (await import('./commands/organizations.ts')).createKey(loadConfig(), options),
  );

program
  .command('storage')
  .description('where the images are kept')
  .command('verify')
  .description('compare what is stored with what the database says; exits with 1 where an image is missing or damaged')
  .option('--checksums', 'read every picture, and compare its bytes too', false)
  .action(async (options: { checksums: boolean }) =>
    (await import('./commands/storage.ts')).verifyStorage(loadConfig(), options),
  );

program
  .command('codec-server')
  .description('run what shows Temporal’s UI what Temporal keeps encrypted; see CODEC_KEYS')
  .action(async () => (await import('./commands/codec-server.ts')).codecServer(loadConfig()));

program
  .command('backup')
  .description('copy all rows and all pictures into a folder, beside everything that runs')
  .argument('<folder>', 'a new one, or one with an older backup')
  .action(async (folder: string) => (await import('./commands/backup.ts')).backup(loadConfig(), folder));

program
  .command('restore')
  .description('put a backup into an empty database, and its pictures into the storage')
  .argument('<folder>', 'what `doppel backup` wrote')
  .action(async (folder: string) => (await import('./commands/backup.ts')).restore(loadConfig(), folder));

program
  .command('replay')
  .description(
    'run this release’s workflow code over histories that Temporal has, and name those that it would not go on with',
  )
  .option('--query <filter>', 'which workflows, in Temporal’s list filter language', 'ExecutionStatus="Running"')
  .option('--limit <number>', 'how many at most, the newest first', positive, 100)
  .action(async (options: { query: string; limit: number }) =>
    (await import('./commands/replay.ts')).replay(loadConfig(), options),
  );

const workerVersions = program
  .command('worker-versions')
  .description('which release of the workers takes the jobs that begin; see WORKER_BUILD_ID');

workerVersions
  .command('list')
  .description('name the versions whose workers have come, the newest first, and what each is')
  .action(async () => (await import('./commands/worker-versions.ts')).listVersions(loadConfig()));

workerVersions
  .command('make-current')
  .description('have all jobs that begin from now on begin on a version')
  .argument('<build-id>', 'its WORKER_BUILD_ID')
  .action(async (buildId: string) =>
    (await import('./commands/worker-versions.ts')).makeCurrent(loadConfig(), buildId),
  );

workerVersions
  .command('ramp')
  .description('have a part of the jobs that begin from now on begin on a version')
  .argument('<build-id>', 'its WORKER_BUILD_ID')
  .requiredOption('--percent <percent>', 'which part, from 0 (which ends it) to 100', percentage)
  .action(async (buildId: string, { percent }: { percent: number }) =>
    (await import('./commands/worker-versions.ts')).ramp(loadConfig(), { buildId, percent }),
  );

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
