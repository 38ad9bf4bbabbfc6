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

export type RateClass = 'read-light' | 'write-light' | 'long-running';
