import type { Knex } from 'knex';
import type Router from '@koa/router';
import type Koa from 'koa';
import type { AcceptJob } from '../db/acceptor.ts';
import { consoleRoutes } from './console.ts';
import type { Endpoint } from './define-endpoint.ts';
import { docsRoutes } from './docs.ts';
import { endpointRoutes } from './endpoint-routes.ts';
import { createFrame, serve, type Frame } from './frame.ts';

interface AppParts<Deps> extends Frame {
  endpoints: readonly Endpoint<Deps>[];
  deps: Deps;
  /** Beside the endpoints: the pictures, where this process serves them. */
  routes: readonly Koa.Middleware[];
  /** What renderers are told that are programs of their own; null or left out where there are none. */
  drawings?: Router | null;
  /** Gives the origins that pictures are read from and uploads are put to. */
  pictureOrigins: () => Promise<readonly string[]>;
  acceptJob: AcceptJob;
  /** How many jobs may be queued, of all organizations. */
  queuedJobsMax: number;
  /** How often a stream on which nothing happens is written to, in ms. */
  heartbeatMs?: number | undefined;
}

/** Builds the API, apart from any server: what a request meets, in order. */
export function createApp<Deps extends { database: Knex }>({
  endpoints,
  deps,
  routes,
  drawings = null,
  pictureOrigins,
  acceptJob,
  queuedJobsMax,
  heartbeatMs,
  ...frame
}: AppParts<Deps>): Koa {
  const app = createFrame(frame);
  serve(app, endpointRoutes(endpoints, deps, { acceptJob, queuedJobsMax, heartbeatMs }));
  for (const route of routes) app.use(route);
  if (drawings !== null) serve(app, drawings);
  serve(app, docsRoutes(endpoints));
  serve(app, consoleRoutes(pictureOrigins));
  return app;
}
