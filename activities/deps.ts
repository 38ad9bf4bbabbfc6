import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { PaidImageLimits } from '../src/db/paid-images.ts';
import type { RendererName } from '../src/domain/shots.ts';
import type { Storage } from '../src/storage/storage.ts';
import type { Renderer } from './rendering/renderer.ts';

/** What activities work with. */
export interface ActivityDeps {
  database: Knex;
  storage: Storage;
  /** Those that this process draws with; it takes no other's shots from their queues. */
  renderers: Partial<Record<RendererName, Renderer>>;
  paidImages: PaidImageLimits;
  newId: () => string;
  log: Logger;
}
