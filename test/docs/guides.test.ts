// The pages for callers are run as they stand: each page's commands in one shell, in a folder like a checkout in which `npm start` runs.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { addCallerCommands } from '../../src/cli/index.ts';
import { addServiceCommands } from '../../src/commands/index.ts';
import type { Config } from '../../src/config.ts';
import { errorCodes } from '../../src/domain/errors.ts';
import type { RunningWorker } from '../../src/worker.ts';
import {
  createTenant,
  createTestKey,
  createTestProject,
  startTestApi,
  testDrawerKey,
  type TestApi,
} from '../support/api.ts';
import { plainRenderer } from '../support/plain-renderer.ts';
import { startTestTemporal, temporalTimeoutMs, type TestTemporal } from '../support/temporal-server.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../support/temporary-folder.ts';
import { startTestWorker } from '../support/worker.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const guides = path.join(root, 'docs/guides');
const read = (file: string) => readFile(path.join(root, file), 'utf8');

interface Block {
  language: string;
  /** What stands behind the language: the file that it is, or is part of. */
  file: string;
  text: string;
}

const blocksIn = (page: string): Block[] =>
  [...page.matchAll(/^```(\w*) ?(\S*)\n(.*?)^```$/gms)].map(([, language = '', file = '', text = '']) => ({
    ...{ language, file, text },
  }));

/** A text whose lines begin at their first letter. */
const unindented = (text: string): string => text.replaceAll(/^ +/gm, '');

const pages = [
  'README.md',
  'docs/errors.md',
  'docs/operations.md',
  ...(await readdir(guides)).map((name) => `docs/guides/${name}`),
];
const texts = new Map(await Promise.all(pages.map(async (page) => [page, await read(page)] as const)));
const pagesWithCommands = pages.filter((page) =>
  blocksIn(texts.get(page) ?? '').some(({ language }) => language === 'sh'),
);

describe('the pages for callers', () => {
  let temporal: TestTemporal;
  let api: TestApi;
  /** An API on the same rows, whose live keys are drawn for by a program of the page. */
  let drawnElsewhere: TestApi;
  let worker: RunningWorker;
  let folder: string;

  before(async function () {
    this.timeout(temporalTimeoutMs);
    temporal = await startTestTemporal();
    api = await startTestApi({ temporal: temporal.connect, webhooksAllowLocalhost: true });
    drawnElsewhere = await startTestApi({
      ...{ on: { database: api.database, url: api.databaseUrl, drop: () => Promise.resolve() } },
      ...{ temporal: temporal.connect, storage: api.storageSettings },
      ...{ renderer: 'studio', drawerKeys: [testDrawerKey] },
    });
    worker = await startTestWorker(api, temporal, {
      renderers: { illustrated: plainRenderer() },
      webhooksAllowLocalhost: true,
    });
  });
  after(async () => {
    await worker.close();
    await drawnElsewhere.close();
    await api.close();
    await temporal.close();
  });
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    await mkdir(path.join(folder, '.doppel'));
    await mkdir(path.join(folder, 'node_modules'));
    await symlink(root, path.join(folder, 'node_modules/doppel'));
    for (const name of ['standardwebhooks', '@temporalio', 'sharp']) {
      await symlink(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name));
    }
    await mkdir(path.join(folder, 'bin'));
    const main = path.join(root, 'src/main.ts');
    const doppel = `#!/bin/sh\nexec "${process.execPath}" --import "${import.meta.resolve('tsx')}" "${main}" "$@"\n`;
    await writeFile(path.join(folder, 'bin/doppel'), doppel, { mode: 0o755 });
  });
  afterEach(() => removeTemporaryFolder(folder));

  /** What `npm start` leaves for the commands in its folder, with the address of this API. */
  const demo = async (apiUrl: string) => {
    const tenant = await createTenant(api.database);
    const { organizationId, projectId, key: apiKey } = tenant;
    const testApiKey = await createTestKey(api.database, organizationId, { environment: 'test' });
    const testProjectId = await createTestProject(api.database, organizationId, 'test');
    const made = async (key: string, project: string): Promise<string> => {
      const answer = await fetch(`${api.url}/v1/projects/${project}/influencers`, {
        method: 'POST',
        headers: { 'X-Api-Key': key, 'Content-Type': 'application/json' },
        body: JSON.stringify({ name: 'Ava Chen', vibe: 'warm, playful' }),
      });
      return ((await answer.json()) as { influencerId: string }).influencerId;
    };
    return {
      ...{ apiUrl, apiKey, testApiKey, organizationId, projectId, testProjectId, temporalUiUrl: null },
      influencerId: await made(apiKey, projectId),
      testInfluencerId: await made(testApiKey, testProjectId),
    };
  };

  const freePort = async (): Promise<string> => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    return String(port);
  };

  const run = async (script: string): Promise<void> => {
    const env = {
      HOME: folder,
      PATH: `${path.join(folder, 'bin')}:${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      RECEIVER_PORT: await freePort(),
      TEMPORAL_ADDRESS: temporal.connect.connectionOptions.address ?? '',
      DRAWER_KEYS: `${testDrawerKey.id}:${testDrawerKey.secret}`,
      TZ: 'UTC',
    };
    await new Promise<void>((resolve, reject) => {
      const shell = execFile('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder, env, timeout: 90_000 });
      let said = '';
      shell.stdout?.on('data', (text: string) => (said += text));
      shell.stderr?.on('data', (text: string) => (said += text));
      shell.once('close', (code) => {
        if (code === 0) resolve();
        else reject(new Error(`ended with ${String(code)}:\n${script}\n${said}`));
      });
    });
  };

  it('have commands to be run', () => {
    assert.ok(pagesWithCommands.length >= 6);
  });

  for (const page of pagesWithCommands) {
    it(`do what they say: ${page}`, async () => {
      const blocks = blocksIn(await read(page));
      const { url } = page.endsWith('bring-your-own-renderer.md') ? drawnElsewhere : api;
      await writeFile(path.join(folder, '.doppel/demo.json'), JSON.stringify(await demo(url)));
      for (const { language, file, text } of blocks) {
        if (language === 'js') await writeFile(path.join(folder, file), text);
      }
      await run(blocks.flatMap(({ language, text }) => (language === 'sh' ? [text] : [])).join('\n'));
    }).timeout(120_000);
  }

  it('show no program that is not run', async () => {
    for (const page of pages) {
      const blocks = blocksIn(await read(page));
      const commands = blocks.flatMap(({ language, text }) => (language === 'sh' ? [text] : [])).join('\n');
      for (const { language, file, text } of blocks) {
        if (language === 'js') assert.ok(commands.includes(`node ${file}`), `${page} does not run ${file}`);
        if (language === 'ts') {
          assert.ok(
            unindented(await read(file)).includes(unindented(text)),
            `${file} has not what ${page} shows of it`,
          );
        }
        if (language === 'json') assert.doesNotThrow(() => void JSON.parse(text), page);
      }
    }
  });

  it('name no command that is not there, where they show what is typed', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
    const program = new Command('doppel').exitOverride().configureOutput({ writeErr: () => undefined });
    const shell = { environment: {}, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
    addCallerCommands(program, {
      ...shell,
      startedAccount: () => Promise.resolve(undefined),
      interrupted: () => new AbortController().signal,
      exitWith: () => undefined,
    });
    addServiceCommands(program, () => ({}) as Config);
    /** The words of a command that name it, and whether each option of it is one that it knows. */
    const knows = (words: string[]): boolean => {
      let command = program;
      let rest = words;
      for (;;) {
        const [next, ...after] = rest;
        const sub = command.commands.find((one) => one.name() === next);
        if (sub === undefined) break;
        command = sub;
        rest = after;
      }
      const options = rest.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]);
      return command !== program && options.every((name) => command.options.some(({ long }) => long === name));
    };
    let seen = 0;
    for (const page of pages) {
      const text = await read(page);
      for (const [, name = ''] of text.matchAll(/npm run ([\w:-]+)/g)) {
        assert.ok(name in scripts, `${page}: npm run ${name}`);
      }
      const typed = [...text.matchAll(/(?:`|^\$ |^ {4})doppel ([^`\n]+?)(?:`|$)/gm)].map(([, words = '']) => words);
      for (const line of typed) {
        const words = line.split(/[ ,]+/).filter((word) => word !== '' && !/^[A-Z[\]…"]/.test(word));
        if (words[0] === 'completion' || words[0]?.startsWith('-') === true) continue;
        seen++;
        assert.ok(knows(words.filter((word) => !word.startsWith('['))), `${page}: doppel ${line}`);
      }
    }
    assert.ok(seen > 20);
  });

  it('link to files that are there', async () => {
    for (const page of pages) {
      const links = [...(await read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to);
      for (const to of links.filter((one) => !/^(https?:|#)/.test(one))) {
        await assert.doesNotReject(
          access(path.join(root, path.dirname(page), to.replace(/#.*$/, ''))),
          `${page}: ${to}`,
        );
      }
    }
  });

  it('say of every code what it means, as the API does, and what to do', async () => {
    const rows = (await read('docs/errors.md')).split('\n').filter((line) => line.startsWith('| `'));
    const told = rows.map((row) => row.split('|').map((cell) => cell.trim()));
    assert.deepEqual(told.map(([, code = '']) => code.replaceAll('`', '')).sort(), Object.keys(errorCodes).sort());
    for (const [code, { status, retryable, meaning }] of Object.entries(errorCodes)) {
      const row = told.find(([, name]) => name === `\`${code}\``) ?? [];
      const [again, means, toDo] = status === null ? row.slice(2) : row.slice(3);
      if (status !== null) assert.equal(row[2], String(status));
      assert.deepEqual([again, means], [retryable ? 'yes' : 'no', meaning], code);
      assert.ok((toDo ?? '').length > 10, code);
    }
  });
});
