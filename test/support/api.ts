// The API over HTTP on a real Postgres, without a Temporal server where a test is not about one.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import type { Knex } from 'knex';
import pino from 'pino';
import { request } from 'undici';
import { v7 as newId } from 'uuid';
import { startApi, type ApiParts } from '../../src/api.ts';
import { insertOrganization } from '../../src/db/organizations.ts';
import { insertProject } from '../../src/db/projects.ts';
import { formatId } from '../../src/domain/ids.ts';
import type { Environment } from '../../src/domain/influencer.ts';
import type { Scope } from '../../src/domain/scopes.ts';
import { createStartingApp } from '../../src/http/frame.ts';
import { createApiKey } from '../../src/http/authentication.ts';
import { openServer } from '../../src/http/server.ts';
import { openStorage, type StorageSettings } from '../../src/storage/open-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { assertDocumented } from './openapi.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

export interface TestApi {
  url: string;
  database: Knex;
  databaseUrl: string;
  /** What the API stores into. */
  storage: Storage;
  storageSettings: StorageSettings;
  /** Where that is files. */
  storageFolder: string;
  /** How many watch jobs now. */
  watchers: () => number;
  close: () => Promise<void>;
}

/** An address of this machine on which nothing listens: what Temporal looks like while it is away. */
const nowhere: ClientConnectConfig = { connectionOptions: { address: '127.0.0.1:1' }, namespace: 'default' };

export const silent = pino({ level: 'silent' });

/** The key that the test API signs URLs with. */
export const testSigningKey = { id: 'test', secret: 'a secret of the tests, long enough' };

/** The key that a test API knows drawers by, where it is given. */
export const testDrawerKey = { id: 'drawer', secret: 'a-secret-of-the-tests-for-drawers-that-is-long-enough' };

interface TestApiOptions extends Partial<
  Pick<
    ApiParts,
    | 'temporal'
    | 'storage'
    | 'log'
    | 'signingKeys'
    | 'databasePoolMax'
    | 'renderer'
    | 'drawerKeys'
    | 'watchersMax'
    | 'heartbeatMs'
    | 'webhooksAllowLocalhost'
    | 'eagerStarts'
    | 'temporalUiUrl'
  >
> {
  /** A database that several work on; it outlives this one. */
  on?: TestDatabase;
  /** Where the API finds the database, when it is not to go there directly. */
  through?: (databaseUrl: string) => string;
}

export async function startTestApi({ on, through = (url) => url, ...parts }: TestApiOptions = {}): Promise<TestApi> {
  const { database, url: databaseUrl, drop } = on ?? (await createTestDatabase());
  const storageFolder = await mkdtemp(path.join(tmpdir(), 'doppel-storage-'));
  const storageSettings = parts.storage ?? { kind: 'files', folder: storageFolder };
  const { storage, close: closeStorage } = await openStorage(storageSettings);
  const server = await openServer({ host: '127.0.0.1', port: 0 }, createStartingApp({ newId, log: silent }).callback());
  const api = await startApi({
    server,
    databaseUrl: through(databaseUrl),
    databasePoolMax: 10,
    temporal: nowhere,
    publicUrl: server.url,
    signingKeys: [testSigningKey],
    storage: storageSettings,
    renderer: 'illustrated',
    queuedJobsMax: 1_000_000,
    watchersMax: 10_000,
    webhooksAllowLocalhost: false,
    proxyHops: 1,
    corsOrigins: [],
    log: silent,
    ...parts,
  });
  return {
    url: server.url,
    database,
    databaseUrl,
    storage,
    storageSettings,
    storageFolder,
    watchers: api.watchers,
    async close() {
      await api.close();
      closeStorage();
      if (on === undefined) await drop();
      await rm(storageFolder, { recursive: true, force: true });
    },
  };
}

export interface Tenant {
  organizationId: string;
  /** As callers see it. */
  projectId: string;
  key: string;
}

/** An organization with a project and a key; each is new, so that tests do not meet. */
export async function createTenant(
  database: Knex,
  { scopes = ['*'], environment = 'live' }: { scopes?: Scope[]; environment?: Environment } = {},
): Promise<Tenant> {
  const organizationId = newId();
  await insertOrganization(database, { id: organizationId, name: 'Tests', tier: 'internal' });
  return {
    organizationId,
    projectId: await createTestProject(database, organizationId, environment),
    key: await createTestKey(database, organizationId, { scopes, environment }),
  };
}

/** Gives the new project's id as callers see it. */
export async function createTestProject(
  database: Knex,
  organizationId: string,
  environment: Environment = 'live',
): Promise<string> {
  const id = newId();
  await insertProject(database, { organizationId, id, environment, name: 'Tests' });
  return formatId('project', id);
}

export const createTestKey = (
  database: Knex,
  organizationId: string,
  { scopes = ['*'], environment = 'live' }: { scopes?: Scope[]; environment?: Environment } = {},
): Promise<string> => createApiKey(database, { organizationId, id: newId(), name: 'Tests', environment, scopes });

export interface Reply {
  status: number;
  headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a test reads of a reply is checked by its assertions
  body: any;
}

export interface CallOptions {
  method?: string;
  key?: string;
  /** Sent as JSON; a string, bytes and a stream of them as they stand. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Where the caller is; without it somewhere else each time, so that failed authentications do not add up. */
  address?: string;
}

/** An address of the block for documentation ([RFC 3849](https://www.rfc-editor.org/rfc/rfc3849)), whose /64 is nobody else's. */
const anyAddress = () =>
  `2001:db8:${randomBytes(4)
    .toString('hex')
    .replace(/(.{4})/, '$1:')}::1`;

const isRaw = (body: unknown) => typeof body === 'string' || body instanceof Uint8Array || body instanceof Readable;

/** Sends a request as a caller does, and checks that the reply is one that the OpenAPI document describes. */
export async function call(url: string, options: CallOptions = {}): Promise<Reply> {
  const { method = options.body === undefined ? 'GET' : 'POST', key, body, headers, address = anyAddress() } = options;
  // Not fetch: it says `Cache-Control: no-cache` beside an If-None-Match, which not every caller does.
  const response = await request(url, {
    method,
    headers: {
      'X-Forwarded-For': address,
      ...(key === undefined ? {} : { 'X-Api-Key': key }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw(body) ? body : JSON.stringify(body) }),
  });
  const isStream = method === 'GET' && response.headers['content-type'] === 'text/event-stream';
  if (isStream) response.body.on('error', () => undefined).destroy(); // it need not end by itself
  const text = isStream ? '' : await response.body.text();
  const reply: Reply = {
    status: response.statusCode,
    headers: new Headers(
      Object.entries(response.headers).flatMap(([name, value]) =>
        [value ?? []].flat().map((one): [string, string] => [name, one]),
      ),
    ),
    body: text === '' ? undefined : JSON.parse(text),
  };
  const requestId = reply.headers.get('x-request-id');
  assert.match(requestId ?? '', /^req_[0-9A-HJKMNP-TV-Z]{26}$/);
  if (reply.status >= 400 && method !== 'HEAD') assert.equal(reply.body.error.requestId, requestId);
  if (method !== 'HEAD') assertDocumented(method, new URL(url).pathname, reply);
  return reply;
}
