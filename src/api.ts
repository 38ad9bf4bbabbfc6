// The API process: opens what a request needs and closes it in reverse.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { v7 as newId } from 'uuid';
import { databaseClock } from './clock.ts';
import { closers } from './closers.ts';
import { acceptor, acceptStatementsMax } from './db/acceptor.ts';
import { openDatabase, poolUseOf } from './db/database.ts';
import { medianDrawingMs } from './db/durations.ts';
import type { OwnedId } from './db/influencers.ts';
import { findJobVersions } from './db/job-events.ts';
import { sharing } from './db/sharing.ts';
import type { JobAttempt } from './domain/job.ts';
import type { RendererName } from './domain/shots.ts';
import { endpoints } from './endpoints/index.ts';
import { jobBodies } from './endpoints/jobs/job-bodies.ts';
import { openJobFeed } from './feed/job-feed.ts';
import { createApp } from './http/app.ts';
import { signedCursors } from './http/cursors.ts';
import { drawerTokens } from './http/drawer-tokens.ts';
import { drawingRoutes } from './http/drawings.ts';
import { fileRoutes, redirectRoutes } from './http/files.ts';
import { uploadRoutes } from './http/uploads.ts';
import type { HttpServer } from './http/server.ts';
import { measurePool } from './metrics/metrics.ts';
import { openMigratedDatabase } from './migrated-database.ts';
import { partsOf } from './parts.ts';
import { createPictures } from './pictures/pictures.ts';
import { openStorage, type OpenedStorage, type StorageSettings } from './storage/open-storage.ts';
import { signedUrls, type SigningKey } from './storage/signed-urls.ts';
import { uploadUrls } from './storage/upload-urls.ts';
import { openTemporal, type TemporalSettings } from './temporal/connection.ts';
import { createDispatcher, type EagerStarts } from './temporal/dispatcher.ts';
import { createLiveJobs } from './temporal/live-job.ts';
import { jobWorkflowId } from './temporal/start-workflow.ts';
import { webhookUrlFault } from './webhooks/webhook-url.ts';

export interface ApiParts {
  server: HttpServer;
  databaseUrl: string;
  databasePoolMax: number;
  temporal: TemporalSettings;
  publicUrl: string;
  signingKeys: readonly [SigningKey, ...SigningKey[]];
  /** By which renderers are known that are programs of their own; null or left out: there are none. */
  drawerKeys?: readonly [SigningKey, ...SigningKey[]] | null;
  storage: StorageSettings;
  /** Who draws what live keys ask for. */
  renderer: RendererName;
  /** How many jobs may be queued, of all organizations. */
  queuedJobsMax: number;
  /** How many may watch jobs at a time. */
  watchersMax: number;
  /** How long it goes on answering once it is to close; not at all if not given. */
  drainSeconds?: number;
  /** Whether webhooks may go to a receiver on this machine. */
  webhooksAllowLocalhost: boolean;
  /** How often a stream on which nothing happens is written to, in ms; 15 s if not given. */
  heartbeatMs?: number;
  /** Where Temporal's UI is, without a slash at the end; null or left out: nobody is led there. */
  temporalUiUrl?: string | null;
  proxyHops: number;
  corsOrigins: readonly string[];
  /** Of the worker in the same process, where there is one. */
  eagerStarts?: EagerStarts;
  log: Logger;
}

interface RunningApi {
  /** How many watch jobs now. */
  watchers: () => number;
  close: () => Promise<void>;
}

/** Serves the API until closed. Needs Postgres, migrated; goes on accepting while Temporal is away. */
export async function startApi(parts: ApiParts): Promise<RunningApi> {
  const { server, log } = parts;
  const opened = closers();
  try {
    const database = await openMigratedDatabase(parts.databaseUrl, parts.databasePoolMax);
    opened.add(() => database.destroy());
    // Its own: what many wait for waits for no connection. A statement has less time than a caller is made to wait.
    const accepting = openDatabase(parts.databaseUrl, {
      poolMax: acceptStatementsMax,
      timeoutMs: 800,
      lockTimeoutMs: 200,
      plansOnce: true,
    });
    opened.add(() => accepting.destroy());
    opened.add(measurePool('api', () => poolUseOf(database)));
    opened.add(measurePool('accepting', () => poolUseOf(accepting)));
    const clock = await databaseClock(database, log);
    opened.add(clock.close);

    const { databaseUrl, watchersMax } = parts;
    const jobFeed = openJobFeed({ database, databaseUrl, watchersMax, log });
    opened.add(jobFeed.close);

    const { temporal, connection } = openTemporal(parts.temporal);
    opened.add(() => connection.close());
    const dispatcher = createDispatcher({
      ...{ database, temporal, newId, log },
      eagerStarts: parts.eagerStarts,
      publicUrl: parts.publicUrl,
    });
    opened.add(dispatcher.close);

    const urls = signedUrls(parts.publicUrl, parts.signingKeys);
    const uploads = uploadUrls(parts.publicUrl, parts.signingKeys);
    const storing = await openStorage(parts.storage);
    opened.add(storing.close);
    const { now } = clock;
    // All that ask at a time ask in one statement.
    const findVersions = sharing((owned: readonly OwnedId[]) => findJobVersions(database, owned));
    const findJobVersion = async (owned: OwnedId) => (await findVersions(owned)).get(owned.id);
    const findJobBody = jobBodies({
      ...{ database, findJobVersion, urls, now },
      liveJobs: createLiveJobs(temporal, log),
      workflowUrl: workflowUrls(parts),
      medianDrawingMs: sharedFor(10_000, (renderer: RendererName) => medianDrawingMs(database, renderer)),
    });
    const pictures = createPictures();
    const { drawerKeys = null } = parts;
    const drawings =
      drawerKeys === null
        ? null
        : drawingRoutes({
            ...{ tokens: drawerTokens(drawerKeys), storage: storing.storage },
            ...{ database, pictures, urls, now },
          });
    let isDraining = false;
    const app = createApp({
      endpoints,
      deps: {
        database,
        urls,
        cursors: signedCursors(parts.signingKeys),
        storage: storing.storage,
        uploadRequests: storing.kind === 'files' ? uploads : storing.uploadRequests,
        pictures,
        renderer: parts.renderer,
        dispatcher,
        findJobVersion,
        findJobBody,
        webhookUrlFault: (url) => webhookUrlFault(url, { allowsLocalhost: parts.webhooksAllowLocalhost }),
        jobFeed,
        now,
        newId,
        log,
      },
      drawings,
      routes:
        storing.kind === 'files'
          ? [
              fileRoutes({ folder: storing.folder, urls, now }),
              uploadRoutes({ place: storing.storage, urls: uploads, database, now }),
            ]
          : [redirectRoutes({ readUrls: storing.readUrls, urls, now })],
      pictureOrigins: pictureOriginsOf(parts.publicUrl, storing, now),
      health: {
        isDraining: () => isDraining,
        async check() {
          const parts = await partsOf(database, connection);
          return { isReady: parts.postgres === 'up', parts };
        },
      },
      acceptJob: acceptor({ database: accepting, patient: database }),
      queuedJobsMax: parts.queuedJobsMax,
      heartbeatMs: parts.heartbeatMs,
      proxyHops: parts.proxyHops,
      corsOrigins: parts.corsOrigins,
      isHttps: parts.publicUrl.startsWith('https:'),
      newId,
      log,
    });
    server.serve(app.callback());
    opened.add(async () => {
      isDraining = true;
      await delay((parts.drainSeconds ?? 0) * 1_000);
      jobFeed.drain();
      await server.close();
    });
    return { watchers: jobFeed.size, close: opened.close };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** From where the console reads pictures, and where it puts uploads: this API, and the storage that hands them out itself. */
function pictureOriginsOf(
  publicUrl: string,
  storing: OpenedStorage,
  now: () => Date,
): () => Promise<readonly string[]> {
  const own = new URL(publicUrl).origin;
  if (storing.kind === 'files') return () => Promise.resolve([own]);
  let known: readonly string[] | undefined;
  return async () => {
    if (known !== undefined) return known;
    const anyKey = { key: 'any', method: 'GET' } as const;
    const { url } = await storing.readUrls.make(anyKey, { now: now(), expiresAt: new Date(now().getTime() + 60_000) });
    return (known = [own, new URL(url).origin]);
  };
}

/** Where workflows of jobs are in Temporal's UI. */
function workflowUrls({ temporalUiUrl = null, temporal: { namespace = 'default' } }: ApiParts) {
  if (temporalUiUrl === null) return null;
  return (job: JobAttempt) => `${temporalUiUrl}/namespaces/${namespace}/workflows/${jobWorkflowId(job)}`;
}

/** Answers equal questions within so many milliseconds with one answer. */
function sharedFor<Key, Answer>(ms: number, ask: (key: Key) => Promise<Answer>): (key: Key) => Promise<Answer> {
  const answers = new Map<Key, { answer: Promise<Answer>; until: number }>();
  return (key) => {
    const known = answers.get(key);
    if (known !== undefined && known.until > Date.now()) return known.answer;
    const answer = ask(key);
    answers.set(key, { answer, until: Date.now() + ms });
    answer.catch(() => answers.delete(key)); // whoever asked is told; the next one asks anew
    return answer;
  };
}
