// Compares the same calls on an empty database and on a full one, side by side, so that what grows with the number of rows is
// seen: DATABASE_URL is the full one (scripts/load-a-million.ts), the empty one is made beside it and dropped again. Fails
// where a call on the full one takes more than half as long again.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Knex } from 'knex';
import pino from 'pino';
import { v7 as newId } from 'uuid';
import { startApi } from '../src/api.ts';
import { closers } from '../src/closers.ts';
import { openDatabase, query } from '../src/db/database.ts';
import { migrate } from '../src/db/migrate.ts';
import { formatId } from '../src/domain/ids.ts';
import { createStartingApp } from '../src/http/frame.ts';
import { createApiKey } from '../src/http/authentication.ts';
import { openServer } from '../src/http/server.ts';
import { createCrowd, findCrowd, growCrowd, type Crowd } from './crowd.ts';

const rounds = 150;
const warmUpRounds = 20;
const highestRatio = 1.5;
const fewRows = 100; // so many that a page of each list is full
const pageSize = 25;

const { DATABASE_URL: fullUrl } = process.env;
if (fullUrl === undefined) throw new Error('Set DATABASE_URL to the full database.');
const log = pino({ level: 'silent' });
const opened = closers();

interface Side {
  database: Knex;
  crowd: Crowd;
  call: (path: string, body?: unknown) => Promise<Record<string, unknown>>;
  sourceId: string;
}

try {
  const full = openDatabase(fullUrl, { poolMax: 4 });
  opened.add(() => full.destroy());
  const crowd = await findCrowd(full);
  if (crowd === undefined)
    throw new Error('There is no crowd in this database: load one with scripts/load-a-million.ts.');
  const [fullSide, emptySide] = [await openSide(fullUrl, full, crowd), await openEmptySide(fullUrl, full)];
  const [people] = await query<{ count: number }>(
    full,
    'select count(*)::integer as count from influencers where organization_id = :organizationId',
    { ...crowd },
  );
  console.log(
    `${String(people?.count)} influencers with their jobs, against ${String(fewRows)}; ${String(rounds)} rounds, medians in ms`,
  );

  const list = (side: Side, query = '') =>
    `/v1/projects/${formatId('project', side.crowd.projectId)}/influencers?limit=${String(pageSize)}${query}`;
  const pageThousand = {
    influencers: await cursorBefore(fullSide, list(fullSide)),
    failed: await cursorBefore(fullSide, list(fullSide, '&status=failed'), 30),
    jobs: await cursorBefore(fullSide, `/v1/jobs?limit=${String(pageSize)}`),
  };
  const page = (path: string) => (side: Side) => side.call(path);
  const calls: Record<string, { full: (side: Side) => Promise<unknown>; empty: (side: Side) => Promise<unknown> }> = {
    'list influencers, page 1': both((side) => side.call(list(side))),
    'list influencers, page 1000': {
      full: page(`${list(fullSide)}&cursor=${pageThousand.influencers}`),
      empty: page(list(emptySide)),
    },
    'list failed influencers, page 1': both((side) => side.call(list(side, '&status=failed'))),
    'list failed influencers, page 30': {
      full: page(`${list(fullSide, '&status=failed')}&cursor=${pageThousand.failed}`),
      empty: page(list(emptySide, '&status=failed')),
    },
    'list jobs, page 1': both((side) => side.call(`/v1/jobs?limit=${String(pageSize)}`)),
    'list jobs, page 1000': {
      full: page(`/v1/jobs?limit=${String(pageSize)}&cursor=${pageThousand.jobs}`),
      empty: page(`/v1/jobs?limit=${String(pageSize)}`),
    },
    'get an influencer': both((side) => side.call(`/v1/influencers/${side.sourceId}`)),
    'clone an influencer': both((side) => side.call(`/v1/influencers/${side.sourceId}/clone`, { name: 'Clone' })),
    // Those that were just cloned.
    'list running jobs of the project': both((side) =>
      side.call(`/v1/jobs?status=running&projectId=${formatId('project', side.crowd.projectId)}`),
    ),
  };
  for (const [title, call] of Object.entries(calls)) {
    const times = { full: [] as number[], empty: [] as number[] };
    for (let round = -warmUpRounds; round < rounds; round++) {
      // The one that goes first is not always the same.
      for (const which of round % 2 === 0 ? (['full', 'empty'] as const) : (['empty', 'full'] as const)) {
        const startedAt = performance.now();
        await call[which](which === 'full' ? fullSide : emptySide);
        if (round >= 0) times[which].push(performance.now() - startedAt);
      }
    }
    const ratio = median(times.full) / median(times.empty);
    if (ratio > highestRatio) process.exitCode = 1;
    console.log(
      `${ratio > highestRatio ? 'SLOWER' : 'ok    '} ${title.padEnd(36)} ${median(times.full).toFixed(2).padStart(7)} : ` +
        `${median(times.empty).toFixed(2).padStart(7)} = ${ratio.toFixed(2)}`,
    );
  }
} finally {
  await opened.close();
}

function both(call: (side: Side) => Promise<unknown>) {
  return { full: call, empty: call };
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

/** Goes through a list in long pages, and gives the cursor of where its page of that number begins. */
async function cursorBefore(side: Side, path: string, pageNumber = 1_000): Promise<string> {
  let cursor: unknown;
  for (let page = 1; page < pageNumber; page += 4) {
    const left = Math.min(4, pageNumber - page) * pageSize;
    const reply = await side.call(
      `${path.replace(/limit=\d+/, `limit=${String(left)}`)}${typeof cursor === 'string' ? `&cursor=${cursor}` : ''}`,
    );
    if (reply['nextCursor'] === null) throw new Error(`${path} has fewer than ${String(pageNumber)} pages`);
    cursor = reply['nextCursor'];
  }
  return String(cursor);
}

async function openEmptySide(url: string, admin: Knex): Promise<Side> {
  const name = `doppel_empty_${newId().replaceAll('-', '')}`;
  await query(admin, `create database ${name}`);
  opened.add(async () => {
    await query(admin, `drop database ${name} with (force)`);
  });
  const emptyUrl = new URL(url);
  emptyUrl.pathname = `/${name}`;
  const database = openDatabase(emptyUrl.href, { poolMax: 4 });
  opened.add(() => database.destroy());
  await migrate(database);
  const crowd = await createCrowd(database);
  await growCrowd(database, crowd, { count: fewRows, failedEvery: 2 });
  return openSide(emptyUrl.href, database, crowd);
}

/** Serves an API on the database, and makes the influencer that is read and cloned. */
async function openSide(databaseUrl: string, database: Knex, crowd: Crowd): Promise<Side> {
  const storageFolder = await mkdtemp(path.join(tmpdir(), 'doppel-sizes-'));
  opened.add(() => rm(storageFolder, { recursive: true, force: true }));
  const server = await openServer({ host: '127.0.0.1', port: 0 }, createStartingApp({ newId, log }).callback());
  const api = await startApi({
    server,
    databaseUrl,
    databasePoolMax: 4,
    temporal: { connectionOptions: { address: '127.0.0.1:1' }, namespace: 'default' }, // nobody there: accepting needs none
    publicUrl: server.url,
    signingKeys: [{ id: 'sizes', secret: 'of no use to anybody else, and long enough' }],
    storage: { kind: 'files', folder: storageFolder },
    renderer: 'illustrated',
    queuedJobsMax: 1_000_000,
    watchersMax: 10_000,
    webhooksAllowLocalhost: false,
    proxyHops: 0,
    corsOrigins: [],
    log,
  });
  opened.add(() => api.close());
  const { organizationId } = crowd;
  const key = await createApiKey(database, {
    organizationId,
    id: newId(),
    name: 'Sizes',
    environment: 'live',
    scopes: ['*'],
  });
  const call = async (path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`${server.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'X-Api-Key': key, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const reply = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(reply)}`);
    return reply;
  };
  const made = await call(`/v1/projects/${formatId('project', crowd.projectId)}/influencers`, { name: 'Source' });
  return { database, crowd, call, sourceId: String(made['influencerId']) };
}
