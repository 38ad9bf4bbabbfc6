import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { DoppelClient } from '../client/index.ts';
import { forgetAccount, keepAccount } from './account.ts';
import { exitCodes } from './exit-codes.ts';
import { inSession, reading, tell, type Shell } from './session.ts';
import { sheet } from './table.ts';

export function addLoginCommands(program: Command, shell: Shell): void {
  const say = (line: string) => {
    shell.stderr.write(`${line}\n`);
  };

  program
    .command('login')
    .description('keep which API is called, and with which key; that is asked for, or read from standard input')
    .requiredOption('--url <url>', 'where the API is, as https://doppel.example.com')
    .action(async ({ url }: { url: string }) => {
      try {
        const { stdin, stderr } = shell;
        const typed =
          stdin.isTTY === true
            ? await (await import('read')).read({ prompt: 'API key: ', silent: true, input: stdin, output: stderr })
            : await text(stdin);
        const account = { baseUrl: url, apiKey: typed.trim() };
        const { organizationName, environment } = await new DoppelClient(account).whoAmI();
        const file = await keepAccount(shell.environment, account);
        say(`Signed in to ${organizationName} (${environment}); kept in ${file}`);
      } catch (error) {
        shell.exitWith(tell(error, say));
      }
    });

  program
    .command('logout')
    .description('forget what `doppel login` has kept; the key stays valid')
    .action(() => forgetAccount(shell.environment));

  reading(program.command('whoami'))
    .description('tell whose key is used, and what it may do')
    .action(
      inSession(shell, async ({ doppel, answer }) => {
        const caller = await doppel.whoAmI();
        const { organizationName, organizationId, apiKeyId, environment, scopes, rateLimitTier } = caller;
        answer(
          caller,
          sheet({ organizationName, organizationId, apiKeyId, environment, scopes: scopes.join(' '), rateLimitTier }),
        );
        return exitCodes.done;
      }),
    );
}
