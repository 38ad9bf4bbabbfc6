import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { OwnedId } from '../db/influencers.ts';
import type { JobVersion } from '../db/job-events.ts';
import type { RendererName } from '../domain/shots.ts';
import type { JobFeed } from '../feed/job-feed.ts';
import type { Cursors } from '../http/cursors.ts';
import type { Pictures } from '../pictures/pictures.ts';
import type { Storage, UploadRequests } from '../storage/storage.ts';
import type { SignedUrls } from '../storage/signed-urls.ts';
import type { Dispatcher } from '../temporal/dispatcher.ts';
import type { FindJobBody } from './jobs/job-bodies.ts';

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
  /** Finds how far a job is; undefined for one that is not there. */
  findJobVersion: (owned: OwnedId) => Promise<JobVersion | undefined>;
  findJobBody: FindJobBody;
  /** What is wrong with where webhooks are to go, in words; null when nothing is. */
  webhookUrlFault: (url: string) => string | null;
  jobFeed: Pick<JobFeed, 'watch'>;
  /** Postgres's time. */
  now: () => Date;
  newId: () => string;
  log: Logger;
}
