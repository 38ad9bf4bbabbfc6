// `doppel mcp`: a server of the Model Context Protocol (https://modelcontextprotocol.io) on standard input and output.

import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { issueOf, type Meanings } from '../schemas/issues.ts';
import { patternMeanings } from '../schemas/text.ts';
import { tell, type Session } from './session.ts';
import { tools } from './mcp-tools.ts';

/** What patterns demand, in words; formats are left to the API. */
const meanings: Meanings = { pattern: (pattern) => patternMeanings.get(pattern), format: () => undefined };

/** Serves an agent until it closes standard input. */
export async function serveAgent(
  { doppel, stdin, stdout }: Pick<Session, 'doppel' | 'stdin' | 'stdout'>,
  version: string,
): Promise<void> {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true }); // the API checks all of it
  const byName = new Map(tools.map((tool) => [tool.name, { ...tool, fits: ajv.compile(tool.input) }]));
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the other one takes no JSON Schema
  const server = new Server({ name: 'doppel', version }, { capabilities: { tools: {} } });

  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ name, description, input, hints }) => ({
      ...{ name, description, annotations: hints },
      inputSchema: input,
    })),
  }));

  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, sendNotification }) => {
    const refused = (text: string) => ({ isError: true, content: [{ type: 'text' as const, text }] });
    const tool = byName.get(params.name);
    if (tool === undefined) return refused(`There is no tool ${params.name}.`);
    const input = params.arguments ?? {};
    if (!tool.fits(input)) {
      const issues = (tool.fits.errors ?? []).map((error) => issueOf(error, meanings));
      return refused(issues.map(({ path, message }) => `${path} ${message}`).join('\n'));
    }
    const progressToken = params._meta?.progressToken;
    try {
      const answer = await tool.call(
        {
          doppel,
          signal,
          onProgress: ({ progress, stage }) => {
            if (progressToken === undefined) return;
            const told = { progressToken, progress, total: 1, ...(stage && { message: stage }) };
            void sendNotification({ method: 'notifications/progress', params: told });
          },
        },
        input as Record<string, never>,
      );
      return {
        content: [{ type: 'text' as const, text: JSON.stringify(answer) }],
        structuredContent: answer as Record<string, unknown>,
      };
    } catch (error) {
      const lines: string[] = [];
      tell(error, (line) => lines.push(line));
      return refused(lines.join('\n'));
    }
  });

  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
    stdin.once('end', resolve);
  });
  await server.connect(new StdioServerTransport(stdin, stdout));
  await closed;
  await server.close();
}
