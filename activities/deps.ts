import type { Knex } from 'knex';
import type { Logger } from 'pino';
import type { RendererName } from '../src/domain/shots.ts';
import type { Storage } from '../src/storage/storage.ts';
import type { Renderer } from './rendering/renderer.ts';

/** What activities work with. */
export interface ActivityDeps {
  database: Knex;
  storage: Storage;
  renderers: Record<RendererName, Renderer>;
  newId: () => string;
  log: Logger;
}
