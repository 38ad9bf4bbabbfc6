// What a process answers to at all. A route that is in no document is one that nobody looks after.

import assert from 'node:assert/strict';
import type Router from '@koa/router';
import { randomUUID } from 'node:crypto';
import knex from 'knex';
import type Koa from 'koa';
import { acceptor } from '../../src/db/acceptor.ts';
import { endpoints } from '../../src/endpoints/index.ts';
import type { Deps } from '../../src/endpoints/deps.ts';
import { createApp } from '../../src/http/app.ts';
import { createFrame } from '../../src/http/frame.ts';
import { document } from '../support/openapi.ts';
import { silent } from '../support/api.ts';

const health = { isDraining: () => false, check: () => Promise.resolve({ isReady: true, parts: {} }) };
const frame = { health, newId: randomUUID, log: silent };

/** What the process itself answers beside the endpoints, to anybody. */
const ofHealth = ['GET /healthz', 'GET /readyz'];
const ofDocs = [
  'GET /docs',
  'GET /docs/favicon-32x32.png',
  'GET /docs/start.js',
  'GET /docs/swagger-ui-bundle.js',
  'GET /docs/swagger-ui.css',
  'GET /openapi.json',
];

const ofConsole = [
  'GET /console',
  'GET /console/',
  'GET /console/*page',
  'GET /console/assets/:file',
  'GET /console/icon.svg',
];

/** Walks the routers of an app: each route, sorted. Nothing but a router and what is listed here answers by a path. */
const routesOf = (app: Koa): string[] =>
  app.middleware
    .flatMap((middleware) => ('router' in middleware ? (middleware.router as Router).stack : []))
    .flatMap(({ methods, path }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${String(path)}`),
    )
    .sort();

describe('the routes', () => {
  it('of the API are those of the OpenAPI document, health, docs and console, and no other', () => {
    const deps = { database: knex({ client: 'pg' }) } as Deps; // nobody asks it
    const { database } = deps;
    const pictureOrigins = () => Promise.resolve([]);
    const acceptJob = acceptor({ database, patient: database });
    const app = createApp({ endpoints, deps, routes: [], pictureOrigins, acceptJob, queuedJobsMax: 1, ...frame });
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    assert.deepEqual(routesOf(app), [...described, ...ofHealth, ...ofDocs, ...ofConsole].sort());
  });

  it('of a worker are those of health alone', () => {
    assert.deepEqual(routesOf(createFrame(frame)), ofHealth);
  });
});
