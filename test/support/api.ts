// The API over HTTP on a real Postgres, without a Temporal server where a test is not about one.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import type { Knex } from 'knex';
import pino from 'pino';
import { v7 as newId } from 'uuid';
import { startApi } from '../../src/api.ts';
import { insertOrganization, insertProject } from '../../src/db/organizations.ts';
import { formatId } from '../../src/domain/ids.ts';
import type { Environment } from '../../src/domain/influencer.ts';
import type { Scope } from '../../src/domain/scopes.ts';
import { createApiKey } from '../../src/http/authentication.ts';
import { openServer } from '../../src/http/server.ts';
import { createTestDatabase } from './postgres.ts';

export interface TestApi {
  url: string;
  database: Knex;
  databaseUrl: string;
  storageFolder: string;
  close(): Promise<void>;
}

/** An address of this machine on which nothing listens: what Temporal looks like while it is away. */
const nowhere: ClientConnectConfig = { connectionOptions: { address: '127.0.0.1:1' }, namespace: 'default' };

export const silent = pino({ level: 'silent' });

export async function startTestApi({ temporal = nowhere } = {}): Promise<TestApi> {
  const { database, url: databaseUrl, drop } = await createTestDatabase();
  const storageFolder = await mkdtemp(path.join(tmpdir(), 'doppel-storage-'));
  const server = await openServer({ host: '127.0.0.1', port: 0 });
  const api = await startApi({
    server,
    databaseUrl,
    databasePoolMax: 10,
    temporal,
    publicUrl: server.url,
    signingKeys: [{ id: 'test', secret: 'a secret of the tests, long enough' }],
    storageFolder,
    log: silent,
  });
  return {
    url: server.url,
    database,
    databaseUrl,
    storageFolder,
    async close() {
      await api.close();
      await drop();
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
  const projectId = newId();
  await insertOrganization(database, { id: organizationId, name: 'Tests', tier: 'internal' });
  await insertProject(database, { organizationId, id: projectId, environment, name: 'Tests' });
  const key = await createTestKey(database, organizationId, { scopes, environment });
  return { organizationId, projectId: formatId('project', projectId), key };
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

/** Sends a request as a caller does; `body` is sent as JSON, a string as it stands. */
export async function call(
  url: string,
  options: { method?: string; key?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const { method = options.body === undefined ? 'GET' : 'POST', key, body, headers } = options;
  const response = await fetch(url, {
    method,
    headers: {
      ...(key === undefined ? {} : { 'X-Api-Key': key }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}
