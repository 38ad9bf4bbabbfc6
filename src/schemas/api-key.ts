import Type, { type Static } from 'typebox';
import { environments } from '../domain/influencer.ts';
import { scopes, tiers } from '../domain/scopes.ts';
import { pageOf, pageQuery } from './list.ts';
import { idOutput, nullable, strict, text, time } from './text.ts';

const apiKeyId = idOutput('key_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The key’s id, which is no secret.');
const environment = Type.Enum([...environments], { description: 'Which projects it sees.' });
const heldScopes = Type.Array(Type.Enum([...scopes]), { description: 'What it may do.' });

export const createApiKeyBody = Type.Object(
  {
    name: text(128, 'Display name.', { minLength: 1, examples: ['Billing service'] }),
    // Typed, since whether items are unique is looked up for texts, but compared pair by pair for what may be anything.
    scopes: Type.Array(Type.Enum([...scopes], { type: 'string' }), {
      minItems: 1,
      maxItems: 64,
      uniqueItems: true,
      description:
        'What it may do: `write` implies `read`, `*` is every scope but `org:admin`. May be more than your own key may.',
      examples: [['influencers:write', 'jobs:read']],
    }),
    env: Type.Enum([...environments], {
      description: 'Which projects it sees, and whether its pictures are drawn by the deterministic renderer (`test`).',
    }),
    expiresAt: Type.Optional(time('From when on it is as if it had never been; in the future. Left out: never.')),
  },
  {
    ...strict,
    title: 'CreateApiKey',
    examples: [{ name: 'Billing service', scopes: ['influencers:write', 'jobs:read'], env: 'live' }],
  },
);

export const apiKey = Type.Object(
  {
    apiKeyId,
    name: Type.String({ description: 'Display name.' }),
    scopes: heldScopes,
    environment,
    prefix: Type.String({
      description: 'How the key begins, to know it by; no secret, and another one after a rotation.',
      examples: ['lp_live_abcdefghijklmnop'],
    }),
    state: Type.Enum(['live', 'killed', 'expired'], {
      description: 'Requests with a `killed` key are 503 `KILL_SWITCH`, those with an `expired` one 401.',
    }),
    createdAt: time('When it was made.'),
    expiresAt: nullable(time('When it expires; null for never.')),
    lastRotatedAt: nullable(time('When it last got another secret.')),
    killedAt: nullable(time('When it was killed.')),
  },
  { ...strict, title: 'ApiKey' },
);
export type ApiKey = Static<typeof apiKey>;

export const apiKeyWithSecret = Type.Object(
  {
    ...apiKey.properties,
    secret: nullable(
      Type.String({
        description:
          'The key whole, as it goes into `X-Api-Key`. Shown this once and stored nowhere: null where the answer is repeated for an Idempotency-Key.',
        examples: ['lp_live_abcdefghijklmnop_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
      }),
    ),
  },
  { ...strict, title: 'ApiKeyWithSecret' },
);

export const deletedApiKey = Type.Object(
  { apiKeyId, state: Type.Literal('deleted'), deletedAt: time('When it was deleted.') },
  { ...strict, title: 'DeletedApiKey' },
);

export const apiKeysQuery = Type.Object(pageQuery(200, 50), strict);
export const apiKeyPage = pageOf(apiKey, 'ApiKeyPage');

export const caller = Type.Object(
  {
    organizationId: idOutput('org_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'Whose key it is.'),
    organizationName: Type.String({ description: 'The organization’s display name.' }),
    apiKeyId,
    scopes: heldScopes,
    environment,
    rateLimitTier: Type.Enum([...tiers], {
      description:
        'How many calls a minute the key may make; the `RateLimit-Policy` header of each answer has the number.',
    }),
  },
  { ...strict, title: 'Caller' },
);
