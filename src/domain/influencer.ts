// What an influencer is: its fields, their limits and its statuses. Schemas, SQL and renderers take them from here.

/** Longest texts, in Unicode code points. */
export const textLimits = {
  name: 128,
  ageRange: 16,
  ethnicity: 128,
  bodyType: 128,
  hairColor: 64,
  hairStyle: 128,
  style: 256,
  vibe: 256,
  voiceDescription: 1024,
  personality: 256,
} as const;

/** Longest lists, in items. */
export const listLimits = { personality: 32, assetIds: 20, uploadedImages: 100 } as const;

export const genders = ['male', 'female', 'nonbinary', 'unspecified'] as const;
type Gender = (typeof genders)[number];

export const influencerStatuses = ['pending', 'training', 'ready', 'failed', 'deleted'] as const;
export type InfluencerStatus = (typeof influencerStatuses)[number];

/** What an influencer that is not deleted may be: nobody is shown another one. */
export const visibleStatuses = influencerStatuses.filter((status) => status !== 'deleted');
export type VisibleStatus = (typeof visibleStatuses)[number];

/** Longest reason of a deletion, in Unicode code points. */
export const deleteReasonLimit = 1024;

/** Whose pictures and data they are: `test` ones are drawn by the deterministic renderer and never seen by `live` keys. */
export const environments = ['live', 'test'] as const;
export type Environment = (typeof environments)[number];

export interface Personality {
  traits?: string[];
  tone?: string;
  humor?: string;
  formality?: string;
  values?: string[];
  interests?: string[];
  speakingStyle?: string;
  catchphrases?: string[];
}

/** What makes the person: every field may be unset, and what is unset is chosen by the renderer from the seed. */
export interface Identity {
  gender?: Gender;
  ageRange?: string;
  ethnicity?: string;
  bodyType?: string;
  hairColor?: string;
  hairStyle?: string;
  style?: string;
  vibe?: string;
  voiceDescription?: string;
  personality?: Personality;
}

/** Where a reference image came from: `starting` ones are the source's, copied to a clone. */
export const imageRoles = ['uploaded', 'rendered', 'starting'] as const;
export type ImageRole = (typeof imageRoles)[number];
