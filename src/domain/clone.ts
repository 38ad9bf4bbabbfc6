import type { Identity, Personality } from './influencer.ts';

type Clearable<Fields> = { [Field in keyof Fields]: Fields[Field] | null };

/** An identity as a change says it: what it leaves out stays, null clears. Overrides of a clone are one without null. */
export type IdentityPatch = Clearable<Omit<Identity, 'personality'>> & {
  personality?: Clearable<Personality> | null;
};

/**
 * How a patch applies to an identity, a clone's overrides to its source's and an update to the influencer's own. The statement
 * that stores it carries it out on the row as it is then (db/identity.ts).
 */
export interface IdentityChanges {
  /** Each replaces the field of that name, null clears it; a field that is not named stays. */
  fields: Clearable<Omit<Identity, 'personality'>>;
  /** Laid over the personality key by key, a list replacing the list whole, null clearing the key; null instead clears them all. */
  personality: Clearable<Personality> | null;
}

/** Splits a patch into what replaces and what merges. A clone inherits everything else, its source's seed included. */
export function changesOf(patch: IdentityPatch): IdentityChanges {
  const { personality = {}, ...fields } = patch;
  return { fields, personality };
}
