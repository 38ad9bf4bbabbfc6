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
import { drawerTokens } from '../../src/http/drawer-tokens.ts';
import { drawingRoutes } from '../../src/http/drawings.ts';
import { createFrame } from '../../src/http/frame.ts';
import { document } from '../support/openapi.ts';
import { silent, testDrawerKey } from '../support/api.ts';

type DrawingParts = Parameters<typeof drawingRoutes>[0];

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

/** What renderers alone may ask, of an API that knows some. */
const ofDrawings = ['GET', 'PUT'].map((method) => `${method} /internal/drawings/:jobId/:attempt/:shot`);

/** Walks the routers of an app: each route, sorted. Nothing but a router and what is listed here answers by a path. */
const routesOf = (app: Koa): string[] =>
  app.middleware
    .flatMap((middleware) => ('router' in middleware ? (middleware.router as Router).stack : []))
    .flatMap(({ methods, path }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${String(path)}`),
    )
    .sort();

describe('the routes', () => {
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  const apiWith = ({ drawings = null }: { drawings?: Router | null } = {}): Koa => {
    const deps = { database: knex({ client: 'pg' }) } as Deps; // nobody asks it
    const { database } = deps;
    const pictureOrigins = () => Promise.resolve([]);
    const acceptJob = acceptor({ database, patient: database });
    return createApp({ endpoints, deps, drawings, routes: [], pictureOrigins, acceptJob, queuedJobsMax: 1, ...frame });
  };

  it('of the API are those of the OpenAPI document, health, docs and console, and no other', () => {
    assert.deepEqual(routesOf(apiWith()), [...described, ...ofHealth, ...ofDocs, ...ofConsole].sort());
  });

  it('of an API that knows drawers are those, and two that ask for a drawer’s token', () => {
    const drawings = drawingRoutes({ tokens: drawerTokens([testDrawerKey]), ...({} as Omit<DrawingParts, 'tokens'>) });
    const more = [...described, ...ofHealth, ...ofDocs, ...ofConsole, ...ofDrawings];
    assert.deepEqual(routesOf(apiWith({ drawings })), more.sort());
  });

  it('of a worker are those of health alone', () => {
    assert.deepEqual(routesOf(createFrame(frame)), ofHealth);
  });
});
