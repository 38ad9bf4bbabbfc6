// What an API key may do.

export const scopes = [
  'influencers:read',
  'influencers:write',
  'jobs:read',
  'jobs:cancel',
  'projects:read',
  'projects:write',
  'webhooks:read',
  'webhooks:write',
  'org:admin',
  '*',
] as const;
export type Scope = (typeof scopes)[number];

/** Tells whether a key with these scopes may do what asks for `required`: `write` implies `read`, `*` is every scope but `org:admin`. */
export function allows(held: readonly Scope[], required: Scope): boolean {
  if (held.includes(required)) return true;
  if (required === 'org:admin') return false;
  if (held.includes('*')) return true;
  return required.endsWith(':read') && held.includes(required.replace(':read', ':write') as Scope);
}

export const tiers = ['standard', 'pilot', 'partner', 'internal'] as const;
export type Tier = (typeof tiers)[number];

/** What a call costs: reading, changing at once, starting a job. */
export type RateClass = 'read-light' | 'write-light' | 'long-running';

/** Calls a minute that one key may make, by its organization's tier; null: as many as it likes. */
export const rateLimits: Record<Tier, Record<RateClass, number> | null> = {
  standard: { 'read-light': 120, 'write-light': 60, 'long-running': 20 },
  pilot: { 'read-light': 1_200, 'write-light': 600, 'long-running': 60 },
  partner: { 'read-light': 6_000, 'write-light': 3_000, 'long-running': 300 },
  internal: null,
};

/** Jobs of one organization that may be queued; past it, no more are accepted. */
export const queuedJobsLimits: Record<Tier, number> = {
  standard: 1_000,
  pilot: 1_000,
  partner: 1_000,
  internal: 100_000,
};

/** How large an organization's share of workers is by the side of others that have work for them, too. */
export const fairnessWeights: Record<Tier, number> = { standard: 1, pilot: 2, partner: 5, internal: 1 };

/** Jobs of one organization that run at once; more of them wait for their turn. */
export const runningJobsLimits: Record<Tier, number> = { standard: 20, pilot: 50, partner: 200, internal: 2_000 };
