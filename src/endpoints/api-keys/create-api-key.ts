import { countLiveKeys, insertApiKey } from '../../db/api-keys.ts';
import { ApiError, invalid } from '../../domain/errors.ts';
import { makeSecret } from '../../http/authentication.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { apiKeyWithSecret, createApiKeyBody } from '../../schemas/api-key.ts';
import type { Deps } from '../deps.ts';
import { apiKeyRecord } from './api-key-record.ts';

/** Of an organization. */
const liveKeysMax = 100;

export const createApiKey = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/api-keys',
  operationId: 'createApiKey',
  tag: 'API keys',
  summary: 'Make an API key',
  description: `Makes a key of your organization, for either environment, and shows its \`secret\` this once. The new key may have any
scope, also one that yours lacks: who may administrate keys could rotate such a key and have its secret anyway. An organization has
${String(liveKeysMax)} keys that live at most; \`CONFLICT\` says so.`,
  scope: 'org:admin',
  rateClass: 'write-light',
  body: createApiKeyBody,
  replies: { 201: { description: 'The key, with its secret.', schema: apiKeyWithSecret } },
  errors: ['CONFLICT'],
  secret: 'secret',
  changesKeys: true,
  async handle({ principal, body }, { database, newId, now }) {
    const { name, scopes, env } = body;
    const expiresAt = body.expiresAt === undefined ? undefined : new Date(body.expiresAt);
    if (expiresAt !== undefined && expiresAt <= now()) {
      throw invalid([{ path: 'body.expiresAt', message: 'must be in the future', keyword: 'future' }]);
    }
    if ((await countLiveKeys(database, principal.organizationId)) >= liveKeysMax) {
      throw new ApiError('CONFLICT', `An organization has at most ${String(liveKeysMax)} API keys that live.`, {
        details: { limit: 'api_keys' },
      });
    }
    const { secret, ...stored } = makeSecret(env);
    const row = await insertApiKey(database, {
      ...{ organizationId: principal.organizationId, id: newId(), name, environment: env, scopes, expiresAt },
      ...stored,
    });
    return { status: 201, body: { ...apiKeyRecord(row), secret } };
  },
});
