import { findOwnKey, rotateKey } from '../../db/api-keys.ts';
import { ApiError } from '../../domain/errors.ts';
import { makeSecret } from '../../http/authentication.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { apiKeyWithSecret } from '../../schemas/api-key.ts';
import type { Deps } from '../deps.ts';
import { apiKeyNotFound, apiKeyRecord } from './api-key-record.ts';

export const rotateApiKey = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/api-keys/:apiKeyId/rotate',
  operationId: 'rotateApiKey',
  tag: 'API keys',
  summary: 'Rotate an API key',
  description: `Gives the key another secret, shown this once; id, scopes, environment and expiry stay. The old secret dies at once: after
this answer nothing more is stored with it, and within a second nothing is read. A key that rotates itself and misses the answer is
lost, and another key has to rotate it again. One that is killed or has expired cannot be rotated.`,
  scope: 'org:admin',
  rateClass: 'write-light',
  replies: { 200: { description: 'The key, with its new secret.', schema: apiKeyWithSecret } },
  errors: ['NOT_FOUND', 'CONFLICT'],
  secret: 'secret',
  changesKeys: true,
  async handle({ principal: { organizationId }, params }, { database }) {
    const found = await findOwnKey(database, { organizationId, id: params.apiKeyId });
    if (found === undefined) throw apiKeyNotFound();
    if (found.state === 'killed') throw new ApiError('CONFLICT', 'The API key has been killed.');
    if (found.state === 'expired') throw new ApiError('CONFLICT', 'The API key has expired.');
    const { secret, ...stored } = makeSecret(found.environment);
    const row = await rotateKey(database, { organizationId, id: params.apiKeyId, ...stored });
    if (row === undefined) throw apiKeyNotFound();
    return { status: 200, body: { ...apiKeyRecord(row), secret } };
  },
});
