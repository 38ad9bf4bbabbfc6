import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { fileFunctions } from './failpoints.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What accepting, starting, drawing and telling are made of. */
const parts = [
  ...['db', 'domain', 'endpoints', 'feed', 'http', 'pictures', 'schemas', 'storage', 'temporal', 'webhooks'].map(
    (folder) => `src/${folder}`,
  ),
  ...['activities', 'workflows'],
];

/** By what a process waits for another one: failpoints stand in each, by these names. */
const carriers: Record<string, string> = {
  knex: 'pg',
  'knex/lib/dialects/postgres/index.js': 'pg',
  pg: 'pg',
  '@temporalio/client': 'temporal',
  'node:fs/promises': 'file',
  '@aws-sdk/client-s3': 's3',
  undici: 'receiver',
};

/** What stays in its process, or waits for a caller, or for a worker’s core, which Toxiproxy cuts. */
const others = [
  ...['@temporalio/activity', '@temporalio/common', '@temporalio/envconfig', '@temporalio/workflow'],
  ...['@dicebear/avataaars', '@dicebear/core', 'sharp', 'pino', 'typebox', 'ipaddr.js', 'lru-cache'],
  ...['ajv/dist/2020.js', 'ajv/dist/types/index.js', 'koa', '@koa/router', 'raw-body', 'send'],
  'swagger-ui-dist/absolute-path.js',
  // Spans are sent by their SDK, which a process that is not traced does not load; of workers these parts have the types.
  ...['@opentelemetry/api', '@temporalio/proto', '@temporalio/worker'],
  ...['node:crypto', 'node:events', 'node:path', 'node:timers/promises', 'node:url', 'node:util', 'node:zlib'],
  ...['node:fs', 'node:http', 'node:net', 'node:stream', 'node:stream/promises'],
  // Signs, and asks nobody.
  '@aws-sdk/s3-request-presigner',
  // Where the address of a receiver comes from: what fails there fails its delivery, as the receiver would.
  'node:dns/promises',
  // Providers of image models answer by `fetch`, and are scripted in their own tests: what they draw comes to Postgres and the storage.
  ...[
    'ai',
    '@ai-sdk/black-forest-labs',
    '@ai-sdk/fal',
    '@ai-sdk/google',
    '@ai-sdk/openai',
    '@ai-sdk/openai-compatible',
  ],
  '@ai-sdk/replicate',
];

describe('failpoints', () => {
  const imported = new Map<string, string[]>();
  const fileCalls = new Set<string>();
  before(async () => {
    for (const part of parts) {
      for (const file of await readdir(join(root, part), { recursive: true })) {
        if (!file.endsWith('.ts')) continue;
        const text = await readFile(join(root, part, file), 'utf8');
        for (const { fileName } of ts.preProcessFile(text).importedFiles) {
          if (!fileName.startsWith('.')) imported.set(fileName, [...(imported.get(fileName) ?? []), `${part}/${file}`]);
        }
        if (part !== 'src/storage') continue;
        const names = /import \{([^}]*)\} from 'node:fs\/promises'/.exec(text)?.[1]?.split(',') ?? [];
        for (const name of names) if (!/^\s*(type .*)?$/.test(name)) fileCalls.add(name.trim());
      }
    }
  });

  it('stand in whatever crosses to another process', () => {
    const unknown = [...imported].filter(([name]) => carriers[name] === undefined && !others.includes(name));
    assert.deepEqual(
      unknown,
      [],
      'does it wait for another process? Put it into failpoints.ts and the carriers, or among the others',
    );
    const unused = [...Object.keys(carriers), ...others].filter((name) => !imported.has(name));
    assert.deepEqual(unused, []);
  });

  it('stand in each call of the file system that a storage makes', () => {
    assert.deepEqual([...fileCalls].sort(), [...fileFunctions].sort());
  });

  it('are told by the names of their carriers', async () => {
    const text = await readFile(new URL('failpoints.ts', import.meta.url), 'utf8');
    const told = new Set([...text.matchAll(/decide\([^)]*?[`'](\w+) /g)].map(([, name]) => name));
    assert.deepEqual([...told].sort(), [...new Set(Object.values(carriers))].sort());
  });
});
