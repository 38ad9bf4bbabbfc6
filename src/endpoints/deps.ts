import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { RendererName } from '../domain/shots.ts';
import type { Cursors } from '../http/cursors.ts';
import type { Pictures } from '../pictures/pictures.ts';
import type { Storage, UploadRequests } from '../storage/storage.ts';
import type { SignedUrls } from '../storage/signed-urls.ts';
import type { Dispatcher } from '../temporal/dispatcher.ts';
import type { LiveJobs } from '../temporal/live-job.ts';

/** What handlers work with. */
export interface Deps {
  database: Knex;
  urls: SignedUrls;
  cursors: Cursors;
  storage: Storage;
  uploadRequests: UploadRequests;
  pictures: Pictures;
  dispatcher: Dispatcher;
  liveJobs: LiveJobs;
  /** Postgres's time. */
  now: () => Date;
  newId: () => string;
  log: Logger;
  /** How long this renderer's jobs take, in ms, from those that it completed; null when it completed none. */
  medianRenderingMs: (renderer: RendererName) => Promise<number | null>;
}
