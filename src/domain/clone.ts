import type { Identity, Personality } from './influencer.ts';

/** How overrides apply to a source's identity; the statement that accepts a clone carries it out on the row as it is then. */
export interface IdentityChanges {
  /** Each replaces the source's field; a field that is not named stays the source's. */
  fields: Omit<Identity, 'personality'>;
  /** Laid over the source's personality key by key; a list replaces the source's list whole. */
  personality: Personality;
}

/** Splits overrides into what replaces and what merges. A clone inherits everything else, its source's seed included. */
export function changesOf(overrides: Identity): IdentityChanges {
  const { personality = {}, ...fields } = overrides;
  return { fields, personality };
}
