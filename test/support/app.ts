// The HTTP machine with endpoints of a test's own.

import type Router from '@koa/router';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { acceptor } from '../../src/db/acceptor.ts';
import { createApp } from '../../src/http/app.ts';
import type { Surroundings } from '../../src/http/frame.ts';
import type { Endpoint } from '../../src/http/define-endpoint.ts';
import type { Health } from '../../src/http/health.ts';
import { openServer, type HttpServer } from '../../src/http/server.ts';
import { silent } from './api.ts';

interface TestAppParts extends Surroundings {
  database: Knex;
  queuedJobsMax?: number;
  endpoints?: readonly Endpoint<{ database: Knex }>[];
  drawings?: Router;
  health?: Health;
  log?: typeof silent;
}

/** Serves an app with these endpoints on a free port; `close` it after the test. */
export function serveApp({
  database,
  endpoints = [],
  drawings,
  health = ready,
  log = silent,
  queuedJobsMax = 1_000_000,
  proxyHops = 1, // the test that calls
  ...surroundings
}: TestAppParts): Promise<HttpServer> {
  const parts = {
    endpoints,
    drawings: drawings ?? null,
    deps: { database },
    acceptJob: acceptor({ database, patient: database }),
    routes: [],
    pictureOrigins: () => Promise.resolve([]),
    health,
    newId,
    log,
    queuedJobsMax,
    proxyHops,
    ...surroundings,
  };
  const app = createApp(parts);
  return openServer({ host: '127.0.0.1', port: 0 }, app.callback());
}

const ready: Health = { isDraining: () => false, check: () => Promise.resolve({ isReady: true, parts: {} }) };
