#!/usr/bin/env node
// The command line: commands for who runs the service, and for callers of its API. One that cannot go on says why in a sentence.

import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import addCompletion from '@bomb.sh/tab/commander';
import { Command } from 'commander';
import { exitCodesHelp } from './cli/exit-codes.ts';
import { addCallerCommands } from './cli/index.ts';
import { tell } from './cli/session.ts';
import { addServiceCommands } from './commands/index.ts';
import { readConfig, type Config } from './config.ts';
import { readDemo } from './demo-file.ts';

// What one start has compiled the next one need not, from Node 22 on.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

function loadConfig(): Config {
  if (existsSync('.env')) process.loadEnvFile('.env'); // what the environment sets already counts more
  return readConfig(process.env);
}

// By the package's own name, so that the same line works from src and from dist.
const { version } = createRequire(import.meta.url)('doppel/package.json') as { version: string };

const program = new Command('doppel')
  .description('Keeps synthetic influencers and clones them.')
  .version(version)
  .showHelpAfterError('(--help after a command says how it is called)')
  .exitOverride()
  .addHelpText('after', exitCodesHelp);

addCallerCommands(program, {
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  async startedAccount() {
    const demo = await readDemo(loadConfig().dataDir);
    return demo === null ? undefined : { baseUrl: demo.apiUrl, apiKey: demo.apiKey };
  },
  interrupted() {
    const interruption = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        interruption.abort();
      });
    }
    return interruption.signal;
  },
  exitWith(code) {
    process.exitCode = code;
  },
});
addServiceCommands(program, loadConfig);
addCompletion(program, { completionCommandName: 'completion' });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = tell(error, console.error);
}
