// The environment, read once: one schema with a description of each variable, all faults told at once. Nothing else in the
// service reads process.env.

import path from 'node:path';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { Ajv2020 } from 'ajv/dist/2020.js';
import Type, { type Static } from 'typebox';
import { imageProviders, type ImageProvider } from './domain/image-providers.ts';
import { parseUrl } from './domain/parse-url.ts';
import { rendererNames, shots } from './domain/shots.ts';
import { StartError } from './start-error.ts';
import type { RendererChoice } from './studio/choose-renderer.ts';
import type { TemporalSettings } from './temporal/connection.ts';
import { storageFolderOf, type StorageSettings } from './storage/open-storage.ts';

const endpoint = (description: string) => Type.Optional(Type.String({ pattern: '^https?://[^/?#]+$', description }));
const keys = (description: string) =>
  Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9_-]+:[^,:\\s]{32,}(,[A-Za-z0-9_-]+:[^,:\\s]{32,})*$',
      description,
    }),
  );
const port = (description: string, preset: number) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: preset, description });

/** Each provider's key, in the variable that is usual for it. */
const keyVariables = Object.fromEntries(
  Object.entries(imageProviders).map(([provider, { keyVariable }]) => [
    keyVariable,
    Type.Optional(
      Type.String({ pattern: '^[!-~]+$', description: `The key for \`${provider}\`; workers alone need it.` }),
    ),
  ]),
);

/** Every variable of our own; Temporal's (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, …) are the SDK's. */
export const environmentSchema = Type.Object({
  HOST: Type.String({
    default: '127.0.0.1',
    description: 'Address that the API, and a worker’s health endpoints, listen on.',
  }),
  PORT: port('Port of the API; 0 takes a free one.', 3000),
  WORKER_PORT: port('Port of the health endpoints of `doppel worker`; 0 takes a free one.', 3001),
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^/?#]+(/[^?#]*[^/?#])?$',
      description:
        'Where callers reach the API, without a slash at the end; image URLs begin with it. Default: `http://HOST:PORT`.',
    }),
  ),
  DOPPEL_DATA_DIR: Type.String({
    minLength: 1,
    default: '.doppel',
    description: 'Folder of the embedded servers’ data, the stored images, the logs and `demo.json`.',
  }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      description: 'Postgres 15 or newer, as a connection URL. Without it `npm start` runs one of its own.',
    }),
  ),
  DATABASE_POOL_MAX: Type.Integer({
    minimum: 2,
    maximum: 1_000,
    default: 10,
    description: 'Most connections that one process opens to Postgres; a worker opens 5 more for webhooks.',
  }),
  SIGNING_KEYS: keys(
    'Keys that sign image URLs, as `id:secret,id:secret`, each secret at least 32 characters: the first signs, all verify. `npm start` makes one.',
  ),
  DRAWER_KEYS: keys(
    'Keys by which renderers that are programs of their own are known to the API, as `id:secret,id:secret`, each secret at least 32 characters: the first signs, all verify. Without them there is no place for such a renderer; `npm start` makes one.',
  ),
  CODEC_KEYS: keys(
    'Keys that encrypt what Temporal keeps, as `id:secret,id:secret`, each secret at least 32 characters: the first encrypts, all decrypt. Without them it keeps ids and what failed as they are.',
  ),
  S3_BUCKET: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'Bucket that keeps the images, on any server that speaks S3; without it they are files below `DOPPEL_DATA_DIR`. Credentials are found as by every AWS SDK: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, a profile, or the machine’s role.',
    }),
  ),
  S3_ENDPOINT: endpoint('Where the S3 server is, as `https://s3.example.com`; AWS’s own if not given.'),
  S3_PUBLIC_ENDPOINT: endpoint(
    'Where callers reach the S3 server, if elsewhere: they read images and send uploads there.',
  ),
  S3_FORCE_PATH_STYLE: Type.Boolean({
    default: false,
    description: 'Whether the bucket stands in the path of URLs, as most servers but AWS’s need it.',
  }),
  AWS_REGION: Type.String({ minLength: 1, default: 'us-east-1', description: 'Region of the bucket.' }),
  PROXY_HOPS: Type.Integer({
    minimum: 0,
    maximum: 10,
    default: 0,
    description:
      'How many reverse proxies stand before the API, each of which adds to `X-Forwarded-For`: a caller’s address is the one that the outermost saw.',
  }),
  CORS_ORIGINS: Type.Optional(
    Type.String({
      pattern: '^https?://[^/,\\s]+(,https?://[^/,\\s]+)*$',
      description:
        'Origins whose pages may call the API from a browser, as `https://app.example.com,https://…`; without it none may.',
    }),
  ),
  QUEUED_JOBS_MAX: Type.Integer({
    minimum: 1,
    maximum: 10_000_000,
    default: 200_000,
    description: 'Most jobs that may be queued, of all organizations; past it the API accepts none for a while.',
  }),
  ATTEMPT_TIMEOUT_MINUTES: Type.Integer({
    minimum: 1,
    maximum: 43_200,
    default: 120,
    description: 'How long an attempt of a job may take, from its first drawing on; then it fails and may be retried.',
  }),
  WATCHERS_MAX: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 10_000,
    description:
      'Most callers that may wait for a job or stream its events at one API process at a time; one organization may be half of them, and past it they are told to come back.',
  }),
  DRAIN_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 300,
    default: 0,
    description:
      'How long an API that was told to stop goes on answering: as long as whatever leads callers to it takes to see on `/readyz` that it is to get none.',
  }),
  WEBHOOKS_ALLOW_LOCALHOST: Type.Boolean({
    default: false,
    description:
      'Whether webhooks may go to a receiver on this machine (`localhost`, `127.0.0.1`, `::1`), over http too: for development alone.',
  }),
  CODEC_TOKEN: Type.Optional(
    Type.String({
      pattern: '^[!-~]{32,}$',
      description:
        'What `doppel codec-server` asks for, of at least 32 characters: whoever has it reads all that Temporal keeps.',
    }),
  ),
  CODEC_PORT: port('Port of `doppel codec-server`; 0 takes a free one.', 3002),
  TEMPORAL_UI_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^?#]+$',
      description:
        'Where Temporal’s UI is, as `https://temporal.example.com`: the codec server answers its pages, and administrators’ jobs link to it.',
    }),
  ),
  WORKER_BUILD_ID: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
      description:
        'Version of `doppel worker`, another one for each release: jobs end on the version that they began on, and `doppel worker-versions` says which one new jobs begin on. Without it workers are not told apart.',
    }),
  ),
  RENDERER: Type.Enum(['auto', ...rendererNames], {
    default: 'auto',
    description:
      'Who draws what live keys ask for: `illustrated` draws people here, `ai` has an image model make photographs, for money, `studio` is a program of its own that renders people in three dimensions. `auto` is the studio where `npm start` has one installed, else `illustrated`.',
  }),
  STUDIO_QUALITY: Type.Enum(['full', 'draft'], {
    default: 'full',
    description: 'How the studio of `npm start` draws: `full`, or `draft`, which is faster and coarser.',
  }),
  AI_IMAGE_MODEL: Type.Optional(
    Type.String({
      pattern: `^(${Object.keys(imageProviders).join('|')})/\\S+$`,
      description: `The image model, as \`provider/model\`: of ${Object.keys(imageProviders).join(', ')}.`,
    }),
  ),
  AI_BASE_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^?#@\\s]+$',
      description: 'Where the provider’s API is, if elsewhere than usual; `openai-compatible` needs it.',
    }),
  ),
  ...keyVariables,
  AI_CONCURRENCY: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 6,
    description: 'Most images that one worker asks of the provider at a time.',
  }),
  AI_IMAGES_PER_MINUTE: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 120,
    description: 'Most images that all workers together ask of the provider in a minute.',
  }),
  AI_IMAGES_PER_JOB: Type.Integer({
    minimum: shots.length,
    maximum: 10_000,
    default: 24,
    description: 'Most images that may be asked of the provider for one job, retries included.',
  }),
  AI_IMAGES_PER_DAY: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 600,
    description: 'Most images that may be asked of the provider for one organization in a UTC day.',
  }),
  METRICS_PORT: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65_535,
      description:
        'Port of `GET /metrics` for Prometheus, of an API, a worker, or `npm start`; 0 takes a free one. Without it there are none.',
    }),
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(
    'Where traces are sent by OTLP over HTTP, as `http://collector:4318`; without it there are none. OpenTelemetry’s other standard variables (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER`, …) count too.',
  ),
  LOG_LEVEL: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    description: 'Least severe messages that are logged.',
  }),
});

export interface AiConfig {
  provider: ImageProvider;
  /** As the provider names it. */
  model: string;
  /** Null where the environment has none. */
  apiKey: string | null;
  /** Null for the provider's own. */
  baseUrl: string | null;
  concurrency: number;
  imagesPerMinute: number;
  imagesPerJob: number;
  /** Of one organization. */
  imagesPerDay: number;
}

/** A secret, and the id by which what was made with it is told. */
interface Key {
  id: string;
  secret: string;
}

export interface Config {
  host: string;
  port: number;
  workerPort: number;
  /** Null when it follows from host and port. */
  publicUrl: string | null;
  /** Absolute. */
  dataDir: string;
  /** Null when Postgres is to be embedded. */
  databaseUrl: string | null;
  databasePoolMax: number;
  /** Null when the data folder keeps one. */
  signingKeys: [Key, ...Key[]] | null;
  /** Null where no renderer is a program of its own, or the data folder keeps one. */
  drawerKeys: [Key, ...Key[]] | null;
  /** Where the images are kept. */
  storage: StorageSettings;
  proxyHops: number;
  corsOrigins: string[];
  queuedJobsMax: number;
  watchersMax: number;
  drainSeconds: number;
  attemptTimeoutMinutes: number;
  webhooksAllowLocalhost: boolean;
  /** Null where no codec server is to run. */
  codecToken: string | null;
  codecPort: number;
  /** Without a slash at the end. */
  temporalUiUrl: string | null;
  /** Null where workers are not told apart. */
  workerBuildId: string | null;
  /** Who draws what live keys ask for; `auto` is decided where it is known what is installed. */
  renderer: RendererChoice;
  /** `full` or `draft`. */
  studioQuality: string;
  /** Null where no image model is configured. */
  ai: AiConfig | null;
  /** Null where no metrics are served. */
  metricsPort: number | null;
  /** Whether spans are sent somewhere. */
  isTraced: boolean;
  logLevel: string;
  /** Where the environment, or Temporal's configuration file, says that Temporal is. */
  temporal: TemporalSettings;
  /** Whether the environment says anything of it; if not, `npm start` runs one of its own. */
  hasTemporal: boolean;
  /** Handed on to programs that are started. */
  environment: Readonly<NodeJS.ProcessEnv>;
}

const ajv = new Ajv2020({ allErrors: true, coerceTypes: true, useDefaults: true, strict: true, verbose: true });
const validate = ajv.compile(environmentSchema);

/** Reads the environment; throws a `StartError` that lists every fault. */
export function readConfig(environment: Readonly<NodeJS.ProcessEnv>): Readonly<Config> {
  // An empty variable counts as one that is not set: that is what a line of .env without a value means.
  const set = Object.fromEntries(
    Object.keys(environmentSchema.properties).flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
  if (!validate(set)) {
    const faults = (validate.errors ?? []).map(({ instancePath, keyword, params, message, parentSchema }) => {
      const rule = keyword === 'enum' ? `must be one of ${(params['allowedValues'] as string[]).join(', ')}` : message;
      return `  ${instancePath.slice(1)} ${rule ?? 'is not valid'}. ${String(parentSchema?.['description'])}`;
    });
    throw new StartError(`The environment is not valid:\n${faults.join('\n')}`);
  }
  const values = set as Static<typeof environmentSchema>;
  return Object.freeze({
    host: values.HOST,
    port: values.PORT,
    workerPort: values.WORKER_PORT,
    publicUrl: values.PUBLIC_URL ?? null,
    dataDir: path.resolve(values.DOPPEL_DATA_DIR),
    databaseUrl: values.DATABASE_URL ?? null,
    databasePoolMax: values.DATABASE_POOL_MAX,
    signingKeys: keysOf('SIGNING_KEYS', values.SIGNING_KEYS),
    drawerKeys: keysOf('DRAWER_KEYS', values.DRAWER_KEYS),
    storage: storageOf(values),
    proxyHops: values.PROXY_HOPS,
    corsOrigins: values.CORS_ORIGINS?.split(',') ?? [],
    queuedJobsMax: values.QUEUED_JOBS_MAX,
    watchersMax: values.WATCHERS_MAX,
    drainSeconds: values.DRAIN_SECONDS,
    attemptTimeoutMinutes: values.ATTEMPT_TIMEOUT_MINUTES,
    webhooksAllowLocalhost: values.WEBHOOKS_ALLOW_LOCALHOST,
    codecToken: values.CODEC_TOKEN ?? null,
    codecPort: values.CODEC_PORT,
    temporalUiUrl: values.TEMPORAL_UI_URL?.replace(/\/+$/, '') ?? null,
    workerBuildId: values.WORKER_BUILD_ID ?? null,
    renderer: values.RENDERER,
    studioQuality: values.STUDIO_QUALITY,
    ai: readAi(values, environment),
    metricsPort: values.METRICS_PORT ?? null,
    isTraced: values.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
    logLevel: values.LOG_LEVEL,
    temporal: { ...readTemporal(environment), codecKeys: keysOf('CODEC_KEYS', values.CODEC_KEYS) },
    hasTemporal: ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some((name) => environment[name]),
    environment,
  });
}

function readAi(values: Static<typeof environmentSchema>, environment: Readonly<NodeJS.ProcessEnv>): AiConfig | null {
  const { AI_IMAGE_MODEL: name, AI_BASE_URL: baseUrl = null } = values;
  if (name === undefined) {
    if (values.RENDERER !== 'ai') return null;
    throw new StartError('RENDERER is ai: AI_IMAGE_MODEL has to say which model draws; .env.example has examples.');
  }
  const provider = name.slice(0, name.indexOf('/')) as ImageProvider;
  if (baseUrl !== null && parseUrl(baseUrl) === null) throw new StartError('AI_BASE_URL is no URL.');
  if (provider === 'openai-compatible' && baseUrl === null) {
    throw new StartError('AI_IMAGE_MODEL names an openai-compatible server: AI_BASE_URL has to say where it is.');
  }
  return {
    provider,
    model: name.slice(provider.length + 1),
    apiKey: environment[imageProviders[provider].keyVariable] || null,
    baseUrl,
    concurrency: values.AI_CONCURRENCY,
    imagesPerMinute: values.AI_IMAGES_PER_MINUTE,
    imagesPerJob: values.AI_IMAGES_PER_JOB,
    imagesPerDay: values.AI_IMAGES_PER_DAY,
  };
}

function storageOf(values: Static<typeof environmentSchema>): StorageSettings {
  const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint = null, S3_PUBLIC_ENDPOINT: publicEndpoint = null } = values;
  if (bucket === undefined) {
    // A forgotten bucket must not have images written to a disk that nobody keeps.
    if (endpoint !== null || publicEndpoint !== null) {
      throw new StartError('The environment names an S3 server and no bucket: set S3_BUCKET too.');
    }
    return { kind: 'files', folder: storageFolderOf(path.resolve(values.DOPPEL_DATA_DIR)) };
  }
  const { AWS_REGION: region, S3_FORCE_PATH_STYLE: forcePathStyle } = values;
  return { kind: 's3', bucket, region, endpoint, publicEndpoint, forcePathStyle };
}

/** Splits `id:secret,id:secret`. */
export function parseKeys(name: string, text: string): [Key, ...Key[]] {
  const [first, ...others] = text.split(',').map((part): Key => {
    const [id = '', secret = ''] = part.split(':');
    return { id, secret };
  });
  if (first === undefined) throw new StartError(`${name} names no key.`);
  const twice = [first, ...others].find(({ id }, at, all) => all.findIndex((other) => other.id === id) < at);
  if (twice !== undefined) throw new StartError(`${name} has two keys with the id ${twice.id}.`);
  return [first, ...others];
}

const keysOf = (name: string, text: string | undefined): [Key, ...Key[]] | null =>
  text === undefined ? null : parseKeys(name, text);

function readTemporal(environment: Readonly<NodeJS.ProcessEnv>): ClientConnectConfig {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
  try {
    return loadClientConnectConfig({ overrideEnvVars });
  } catch (error) {
    throw new StartError(
      `Temporal's configuration is not valid: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
