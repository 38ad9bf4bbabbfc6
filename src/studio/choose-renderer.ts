import type { RendererName } from '../domain/shots.ts';
import { StartError } from '../start-error.ts';

/** What `RENDERER` may say: who draws, or `auto`. */
export type RendererChoice = RendererName | 'auto';

interface Means {
  /** Whether this process starts the studio itself. */
  hasStudio: boolean;
  /** Null where no program but our own workers may draw. */
  drawerKeys: readonly unknown[] | null;
}

/**
 * Says who draws what live keys ask for: with `auto` the studio where this process starts one, else `illustrated`. Throws a `StartError`
 * where the studio is asked for and none could ever come.
 */
export function chooseRenderer(choice: RendererChoice, { hasStudio, drawerKeys }: Means): RendererName {
  if (choice === 'auto') return hasStudio ? 'studio' : 'illustrated';
  if (choice === 'studio' && !hasStudio && drawerKeys === null) {
    throw new StartError(
      'RENDERER is studio and there is none: "npm run studio:install" installs the one that "npm start" runs, and DRAWER_KEYS lets others draw for the API.',
    );
  }
  return choice;
}
