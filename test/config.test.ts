import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { environmentSchema, readConfig } from '../src/config.ts';
import { StartError } from '../src/start-error.ts';

const secret = 'a-secret-that-has-at-least-32-characters';

function faultsOf(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig(environment);
  } catch (error) {
    assert.ok(error instanceof StartError);
    return error.message;
  }
  return assert.fail('it was read');
}

describe('the configuration', () => {
  it('needs nothing', () => {
    const { temporal, environment, ...config } = readConfig({});
    assert.deepEqual(config, {
      host: '127.0.0.1',
      port: 3000,
      workerPort: 3001,
      publicUrl: null,
      dataDir: path.resolve('.doppel'),
      databaseUrl: null,
      databasePoolMax: 10,
      signingKeys: null,
      proxyHops: 0,
      corsOrigins: [],
      queuedJobsMax: 200_000,
      watchersMax: 10_000,
      attemptTimeoutMinutes: 120,
      webhooksAllowLocalhost: false,
      logLevel: 'info',
      hasTemporal: false,
    });
    assert.deepEqual([temporal.namespace ?? 'default', environment], ['default', {}]);
  });

  it('is read from every variable', () => {
    const config = readConfig({
      HOST: '::',
      PORT: '0',
      WORKER_PORT: '65535',
      PUBLIC_URL: 'https://api.example.com/doppel',
      DOPPEL_DATA_DIR: 'elsewhere',
      DATABASE_URL: 'postgresql://doppel@127.0.0.1/doppel',
      DATABASE_POOL_MAX: '2',
      SIGNING_KEYS: `new:${secret},old:${secret}!`,
      PROXY_HOPS: '2',
      CORS_ORIGINS: 'https://a.example.com,http://localhost:5173',
      QUEUED_JOBS_MAX: '5000',
      WATCHERS_MAX: '500',
      WEBHOOKS_ALLOW_LOCALHOST: 'true',
      ATTEMPT_TIMEOUT_MINUTES: '30',
      LOG_LEVEL: 'silent',
      TEMPORAL_ADDRESS: '127.0.0.1:7233',
      TEMPORAL_NAMESPACE: 'doppel',
    });
    const { temporal, environment: _, ...own } = config;
    assert.deepEqual(own, {
      host: '::',
      port: 0,
      workerPort: 65_535,
      publicUrl: 'https://api.example.com/doppel',
      dataDir: path.resolve('elsewhere'),
      databaseUrl: 'postgresql://doppel@127.0.0.1/doppel',
      databasePoolMax: 2,
      signingKeys: [
        { id: 'new', secret },
        { id: 'old', secret: `${secret}!` },
      ],
      proxyHops: 2,
      corsOrigins: ['https://a.example.com', 'http://localhost:5173'],
      queuedJobsMax: 5_000,
      watchersMax: 500,
      webhooksAllowLocalhost: true,
      attemptTimeoutMinutes: 30,
      logLevel: 'silent',
      hasTemporal: true,
    });
    assert.deepEqual([temporal.connectionOptions.address, temporal.namespace], ['127.0.0.1:7233', 'doppel']);
  });

  it('takes an empty variable for one that is not set', () => {
    const names = [...Object.keys(environmentSchema.properties), 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'];
    const empty = Object.fromEntries(names.map((name) => [name, '']));
    const { environment: _, ...config } = readConfig(empty);
    const { environment: __, ...unset } = readConfig({});
    assert.deepEqual(config, unset);
  });

  it('is not bothered by variables of others', () => {
    assert.equal(readConfig({ PATH: '/bin', port: 'x' }).port, 3000);
  });

  it('tells all its faults at once, each with the name of its variable, and no secret', () => {
    const faults = faultsOf({
      PORT: '65536',
      WORKER_PORT: 'x',
      PUBLIC_URL: 'https://api.example.com/',
      DATABASE_URL: 'mysql://doppel:hidden@127.0.0.1',
      DATABASE_POOL_MAX: '1.5',
      SIGNING_KEYS: 'id:hidden',
      LOG_LEVEL: 'loud',
    });
    const [title, ...lines] = faults.split('\n');
    assert.equal(title, 'The environment is not valid:');
    assert.deepEqual(lines.map((line) => line.trim().split(' ')[0]).sort(), [
      'DATABASE_POOL_MAX',
      'DATABASE_URL',
      'LOG_LEVEL',
      'PORT',
      'PUBLIC_URL',
      'SIGNING_KEYS',
      'WORKER_PORT',
    ]);
    assert.doesNotMatch(faults, /hidden/);
  });

  for (const [title, environment] of Object.entries<NodeJS.ProcessEnv>({
    'a port below zero': { PORT: '-1' },
    'a port that is no whole number': { PORT: '3000.5' },
    'a pool of one connection, in which a migration would wait for itself': { DATABASE_POOL_MAX: '1' },
    'a public URL that is none': { PUBLIC_URL: 'api.example.com' },
    'an origin with a path': { CORS_ORIGINS: 'https://a.example.com/app' },
    'every origin': { CORS_ORIGINS: '*' },
    'fewer proxies than none': { PROXY_HOPS: '-1' },
    'a yes that is no boolean': { WEBHOOKS_ALLOW_LOCALHOST: 'yes' },
    'a public URL with a query': { PUBLIC_URL: 'https://api.example.com?x' },
    'a secret shorter than 32 characters': { SIGNING_KEYS: `id:${'x'.repeat(31)}` },
    'a second secret shorter than 32 characters': { SIGNING_KEYS: `a:${secret},b:short` },
    'a signing key without an id': { SIGNING_KEYS: `:${secret}` },
  })) {
    it(`refuses ${title}`, () => {
      assert.match(faultsOf(environment), /The environment is not valid/);
    });
  }

  it('refuses two signing keys with one id, of which one would never verify', () => {
    assert.match(faultsOf({ SIGNING_KEYS: `id:${secret},id:${secret}!` }), /SIGNING_KEYS/);
  });

  it('explains each of its variables', () => {
    for (const [name, schema] of Object.entries(environmentSchema.properties)) {
      assert.ok('description' in schema && String(schema.description).length > 0, name);
    }
  });

  it('has the variables of .env.example, where those of Temporal stand beside them', async () => {
    const example = await readFile(new URL('../.env.example', import.meta.url), 'utf8');
    const named = [...example.matchAll(/^(?:# ?)?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => String(name));
    assert.equal(new Set(named).size, named.length, 'one stands there twice');
    const own = named.filter((name) => !name.startsWith('TEMPORAL_'));
    assert.deepEqual(own.sort(), Object.keys(environmentSchema.properties).sort());
  });
});
