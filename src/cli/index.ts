// The commands for callers: what the API does, over the typed client and nothing else.

import type { Command } from 'commander';
import { addInfluencerCommands } from './influencers.ts';
import { addJobCommands } from './jobs.ts';
import { addKeyCommands } from './keys.ts';
import { exitCodes } from './exit-codes.ts';
import { addLoginCommands } from './login.ts';
import { addMediaCommands } from './media.ts';
import { addProjectCommands } from './projects.ts';
import { inSession, type Shell } from './session.ts';
import { addWebhookCommands } from './webhooks.ts';

export function addCallerCommands(program: Command, shell: Shell): void {
  program.commandsGroup('For callers of the API:');
  addLoginCommands(program, shell);
  addProjectCommands(program, shell);
  addInfluencerCommands(program, shell);
  addJobCommands(program, shell);
  addMediaCommands(program, shell);
  addWebhookCommands(program, shell);
  addKeyCommands(program, shell);

  program
    .command('mcp')
    .description('serve an agent over the Model Context Protocol, on standard input and output')
    .action(
      inSession(shell, async (session) => {
        const { serveAgent } = await import('./mcp.ts'); // which loads the protocol's SDK
        await serveAgent(session, program.version() ?? '');
        return exitCodes.done;
      }),
    );
}
