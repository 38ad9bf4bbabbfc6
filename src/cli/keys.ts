import type { Command } from 'commander';
import { Option } from 'commander';
import type { ApiKeyWithSecret } from '../client/index.ts';
import { environments, type Environment } from '../domain/influencer.ts';
import { scopes, type Scope } from '../domain/scopes.ts';
import { exitCodes } from './exit-codes.ts';
import { choices, firstOf, withLimit } from './options.ts';
import { changing, inSession, reading, type Shell } from './session.ts';
import { sheet, table } from './table.ts';

interface CreateOptions {
  name: string;
  scope: Scope[];
  env: Environment;
  expiresAt?: string;
}

export function addKeyCommands(program: Command, shell: Shell): void {
  const keys = program.command('keys').description('what callers authenticate with, through the API');

  withLimit(reading(keys.command('list')))
    .description('list the keys of the organization')
    .action(
      inSession(shell, async ({ doppel, answer }, { limit }: { limit: number }) => {
        const items = await firstOf(doppel.apiKeys.list(), limit);
        const rows = items.map((one) => [one.apiKeyId, one.state, one.environment, one.prefix, one.name]);
        answer(items, table(['KEY', 'STATE', 'ENV', 'PREFIX', 'NAME'], rows));
        return exitCodes.done;
      }),
    );

  changing(keys.command('create'))
    .description('make a key, and print it, this once')
    .requiredOption('--name <name>', 'display name')
    .addOption(choices('--scope <scope>', 'what it may do; may be repeated', scopes).makeOptionMandatory())
    .addOption(new Option('--env <environment>', 'which data it sees').choices(environments).default('live'))
    .option('--expires-at <time>', 'from when on it is as if it had never been')
    .action(
      inSession(shell, async ({ doppel, answer, change }, { name, scope, env, expiresAt }: CreateOptions) => {
        const body = { name, scopes: scope, env, ...(expiresAt && { expiresAt }) };
        const key = await doppel.apiKeys.create(body, change);
        answer(key, inWords(key));
        return exitCodes.done;
      }),
    );

  changing(keys.command('rotate'))
    .description('give a key another secret, and print it, this once')
    .argument('<key>', 'its id')
    .action(
      inSession(shell, async ({ doppel, answer, change }, apiKeyId: string) => {
        const key = await doppel.apiKeys.rotate(apiKeyId, change);
        answer(key, inWords(key));
        return exitCodes.done;
      }),
    );

  for (const [name, description, done] of [
    ['kill', 'stop a key for good that has leaked', 'killed'],
    ['delete', 'delete a key', 'deleted'],
  ] as const) {
    changing(keys.command(name))
      .description(description)
      .argument('<key>', 'its id')
      .action(
        inSession(shell, async ({ doppel, answer, change }, apiKeyId: string) => {
          answer(await doppel.apiKeys[name](apiKeyId, change), `${apiKeyId} is ${done}`);
          return exitCodes.done;
        }),
      );
  }
}

const inWords = ({ apiKeyId, secret }: ApiKeyWithSecret): string =>
  sheet({ Key: apiKeyId, Secret: secret ?? 'was shown before: rotate the key' });
