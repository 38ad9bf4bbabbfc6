import type { Knex } from 'knex';
import type { RendererName } from '../domain/shots.ts';
import type { SignedUrls } from '../storage/signed-urls.ts';
import type { Dispatcher } from '../temporal/dispatcher.ts';
import type { LiveJobs } from '../temporal/live-job.ts';

/** What handlers work with. */
export interface Deps {
  database: Knex;
  urls: SignedUrls;
  dispatcher: Dispatcher;
  liveJobs: LiveJobs;
  /** Postgres's time. */
  now: () => Date;
  newId: () => string;
  /** How long this renderer's jobs take, in ms, from those that it completed; null when it completed none. */
  medianRenderingMs: (renderer: RendererName) => Promise<number | null>;
}
