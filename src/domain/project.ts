// What a project is: the folder of an organization's influencers, in one environment.

export const projectStatuses = ['active', 'archived'] as const;
export type ProjectStatus = (typeof projectStatuses)[number];

/** Longest texts, in Unicode code points; a time zone's and a language tag's are ASCII. */
export const projectTextLimits = { name: 128, timezone: 64, customerExternalId: 256, primaryLanguage: 64 } as const;

/** What the metadata of a caller may be: bytes of JSON in UTF-8 without white space, and objects and lists in one another. */
export const metadataLimits = { bytes: 8_192, depth: 16 } as const;
