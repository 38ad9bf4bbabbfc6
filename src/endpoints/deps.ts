import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { RendererName } from '../domain/shots.ts';
import type { JobFeed } from '../feed/job-feed.ts';
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
  /** Who draws what live keys ask for. */
  renderer: RendererName;
  dispatcher: Dispatcher;
  liveJobs: LiveJobs;
  /** What is wrong with where webhooks are to go, in words; null when nothing is. */
  webhookUrlFault: (url: string) => string | null;
  jobFeed: Pick<JobFeed, 'watch'>;
  /** Postgres's time. */
  now: () => Date;
  newId: () => string;
  log: Logger;
  /** How long a drawing of this renderer takes, in ms, from the jobs that it completed; null when it completed none. */
  medianDrawingMs: (renderer: RendererName) => Promise<number | null>;
}
