// The environment, read once: one schema with a description of each variable, all faults told at once. Nothing else in the
// service reads process.env.

import path from 'node:path';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { Ajv2020 } from 'ajv/dist/2020.js';
import Type, { type Static } from 'typebox';
import { StartError } from './start-error.ts';
import type { SigningKey } from './storage/signed-urls.ts';

const port = (description: string, preset: number) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: preset, description });

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
  SIGNING_KEYS: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9_-]+:[^,:\\s]{32,}(,[A-Za-z0-9_-]+:[^,:\\s]{32,})*$',
      description:
        'Keys that sign image URLs, as `id:secret,id:secret`, each secret at least 32 characters: the first signs, all verify. `npm start` makes one.',
    }),
  ),
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
  WEBHOOKS_ALLOW_LOCALHOST: Type.Boolean({
    default: false,
    description:
      'Whether webhooks may go to a receiver on this machine (`localhost`, `127.0.0.1`, `::1`), over http too: for development alone.',
  }),
  LOG_LEVEL: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    description: 'Least severe messages that are logged.',
  }),
});

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
  signingKeys: [SigningKey, ...SigningKey[]] | null;
  proxyHops: number;
  corsOrigins: string[];
  queuedJobsMax: number;
  watchersMax: number;
  attemptTimeoutMinutes: number;
  webhooksAllowLocalhost: boolean;
  logLevel: string;
  /** Where the environment, or Temporal's configuration file, says that Temporal is. */
  temporal: ClientConnectConfig;
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
    signingKeys: values.SIGNING_KEYS === undefined ? null : parseSigningKeys(values.SIGNING_KEYS),
    proxyHops: values.PROXY_HOPS,
    corsOrigins: values.CORS_ORIGINS?.split(',') ?? [],
    queuedJobsMax: values.QUEUED_JOBS_MAX,
    watchersMax: values.WATCHERS_MAX,
    attemptTimeoutMinutes: values.ATTEMPT_TIMEOUT_MINUTES,
    webhooksAllowLocalhost: values.WEBHOOKS_ALLOW_LOCALHOST,
    logLevel: values.LOG_LEVEL,
    temporal: readTemporal(environment),
    hasTemporal: ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some((name) => environment[name]),
    environment,
  });
}

/** Splits `id:secret,id:secret`. */
export function parseSigningKeys(text: string): [SigningKey, ...SigningKey[]] {
  const [first, ...others] = text.split(',').map((part): SigningKey => {
    const [id = '', secret = ''] = part.split(':');
    return { id, secret };
  });
  if (first === undefined) throw new StartError('SIGNING_KEYS names no key.');
  const twice = [first, ...others].find(({ id }, at, all) => all.findIndex((other) => other.id === id) < at);
  if (twice !== undefined) throw new StartError(`SIGNING_KEYS has two keys with the id ${twice.id}.`);
  return [first, ...others];
}

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
