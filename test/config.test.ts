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
      drawerKeys: null,
      storage: { kind: 'files', folder: path.resolve('.doppel/storage') },
      proxyHops: 0,
      corsOrigins: [],
      queuedJobsMax: 200_000,
      watchersMax: 10_000,
      drainSeconds: 0,
      attemptTimeoutMinutes: 120,
      webhooksAllowLocalhost: false,
      codecToken: null,
      codecPort: 3002,
      temporalUiUrl: null,
      workerBuildId: null,
      renderer: 'auto',
      studioQuality: 'full',
      ai: null,
      metricsPort: null,
      isTraced: false,
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
      DRAWER_KEYS: `drawer:${secret}`,
      S3_BUCKET: 'doppel-images',
      S3_ENDPOINT: 'http://objects:7070',
      S3_PUBLIC_ENDPOINT: 'https://images.example.com',
      S3_FORCE_PATH_STYLE: 'true',
      AWS_REGION: 'eu-central-1',
      PROXY_HOPS: '2',
      CORS_ORIGINS: 'https://a.example.com,http://localhost:5173',
      QUEUED_JOBS_MAX: '5000',
      WATCHERS_MAX: '500',
      DRAIN_SECONDS: '5',
      WEBHOOKS_ALLOW_LOCALHOST: 'true',
      ATTEMPT_TIMEOUT_MINUTES: '30',
      CODEC_KEYS: `1:${secret}`,
      CODEC_TOKEN: `${secret}-of-the-codec-server`,
      CODEC_PORT: '3003',
      TEMPORAL_UI_URL: 'https://temporal.example.com/',
      WORKER_BUILD_ID: '2026-11-30.1',
      RENDERER: 'ai',
      STUDIO_QUALITY: 'draft',
      AI_IMAGE_MODEL: 'fal/fal-ai/flux-pro/kontext',
      AI_BASE_URL: 'https://proxy.example.com/fal',
      FAL_API_KEY: 'a-key',
      AI_CONCURRENCY: '2',
      AI_IMAGES_PER_MINUTE: '30',
      AI_IMAGES_PER_JOB: '7',
      AI_IMAGES_PER_DAY: '70',
      METRICS_PORT: '9464',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
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
      drawerKeys: [{ id: 'drawer', secret }],
      storage: {
        ...{ kind: 's3', bucket: 'doppel-images', region: 'eu-central-1', forcePathStyle: true },
        ...{ endpoint: 'http://objects:7070', publicEndpoint: 'https://images.example.com' },
      },
      proxyHops: 2,
      corsOrigins: ['https://a.example.com', 'http://localhost:5173'],
      queuedJobsMax: 5_000,
      watchersMax: 500,
      drainSeconds: 5,
      webhooksAllowLocalhost: true,
      codecToken: `${secret}-of-the-codec-server`,
      codecPort: 3003,
      temporalUiUrl: 'https://temporal.example.com',
      workerBuildId: '2026-11-30.1',
      attemptTimeoutMinutes: 30,
      renderer: 'ai',
      studioQuality: 'draft',
      ai: {
        provider: 'fal',
        model: 'fal-ai/flux-pro/kontext',
        apiKey: 'a-key',
        baseUrl: 'https://proxy.example.com/fal',
        concurrency: 2,
        imagesPerMinute: 30,
        imagesPerJob: 7,
        imagesPerDay: 70,
      },
      metricsPort: 9464,
      isTraced: true,
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
    'an S3 server with a path': { S3_BUCKET: 'images', S3_ENDPOINT: 'https://s3.example.com/images' },
    'a secret shorter than 32 characters': { SIGNING_KEYS: `id:${'x'.repeat(31)}` },
    'a second secret shorter than 32 characters': { SIGNING_KEYS: `a:${secret},b:short` },
    'a drawer’s secret shorter than 32 characters': { DRAWER_KEYS: 'id:short' },
    'a renderer that there is not': { RENDERER: 'oil' },
    'a quality that the studio has not': { STUDIO_QUALITY: 'best' },
    'an image model of nobody': { AI_IMAGE_MODEL: 'gemini-2.5-flash-image' },
    'an image model of a provider that there is not': { AI_IMAGE_MODEL: 'acme/painter' },
    'a base URL with a user': { AI_BASE_URL: 'https://user:pass@example.com/v1' },
    'a key with a line break': { OPENAI_API_KEY: 'a\nb' },
    'fewer images than a job has': { AI_IMAGES_PER_JOB: '5' },
    'a base URL that is none': { AI_BASE_URL: '127.0.0.1:8000' },
    'a signing key without an id': { SIGNING_KEYS: `:${secret}` },
  })) {
    it(`refuses ${title}`, () => {
      assert.match(faultsOf(environment), /The environment is not valid/);
    });
  }

  it('takes the key of the provider whose model it is, and no other’s', () => {
    const environment = { AI_IMAGE_MODEL: 'google/gemini-2.5-flash-image', OPENAI_API_KEY: 'not-this' };
    assert.equal(readConfig(environment).ai?.apiKey, null);
    assert.equal(readConfig({ ...environment, GOOGLE_GENERATIVE_AI_API_KEY: 'this' }).ai?.apiKey, 'this');
    assert.equal(readConfig(environment).renderer, 'auto');
  });

  it('refuses the renderer ai without a model, and a compatible server without an address', () => {
    assert.match(faultsOf({ RENDERER: 'ai' }), /AI_IMAGE_MODEL/);
    assert.match(faultsOf({ AI_IMAGE_MODEL: 'openai-compatible/flux' }), /AI_BASE_URL/);
  });

  it('keeps images on AWS in the first region when it names a bucket alone, and refuses a server without one', () => {
    assert.deepEqual(readConfig({ S3_BUCKET: 'images' }).storage, {
      ...{ kind: 's3', bucket: 'images', region: 'us-east-1', forcePathStyle: false },
      ...{ endpoint: null, publicEndpoint: null },
    });
    for (const name of ['S3_ENDPOINT', 'S3_PUBLIC_ENDPOINT']) {
      assert.match(faultsOf({ [name]: 'https://s3.example.com' }), /set S3_BUCKET too/);
    }
  });

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
    const ours = Object.keys(environmentSchema.properties);
    const own = named.filter((name) => ours.includes(name) || !name.startsWith('TEMPORAL_'));
    assert.deepEqual(own.sort(), ours.sort());
  });
});
