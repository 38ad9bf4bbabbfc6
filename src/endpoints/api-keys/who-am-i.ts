import { formatId } from '../../domain/ids.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { caller } from '../../schemas/api-key.ts';
import type { Deps } from '../deps.ts';

export const whoAmI = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/whoami',
  operationId: 'whoAmI',
  tag: 'API keys',
  summary: 'Tell whose key this is',
  description: 'Tells what the key of the request stands for: the way to try a key, whatever it may do.',
  scope: null,
  rateClass: 'read-light',
  replies: { 200: { description: 'The caller.', schema: caller } },
  errors: [],
  handle({ principal }) {
    return Promise.resolve({
      status: 200,
      body: {
        organizationId: formatId('organization', principal.organizationId),
        organizationName: principal.organizationName,
        apiKeyId: formatId('apiKey', principal.apiKeyId),
        scopes: principal.scopes,
        environment: principal.environment,
        rateLimitTier: principal.tier,
      },
    });
  },
});
