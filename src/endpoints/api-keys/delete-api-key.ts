import { deleteKey, findOwnKey, hasOtherAdmin } from '../../db/api-keys.ts';
import { ApiError } from '../../domain/errors.ts';
import { formatId } from '../../domain/ids.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { deletedApiKey } from '../../schemas/api-key.ts';
import type { Deps } from '../deps.ts';
import { apiKeyNotFound } from './api-key-record.ts';

export const deleteApiKey = defineEndpoint<Deps>()({
  method: 'delete',
  path: '/v1/api-keys/:apiKeyId',
  operationId: 'deleteApiKey',
  tag: 'API keys',
  summary: 'Delete an API key',
  description: `Removes a key, as if it had never been: its requests are 401, and its id is \`NOT_FOUND\`, for a repeat of this one too. The last
key with \`org:admin\` that lives is refused with \`CONFLICT\`, for nobody could make another one then; rotate it, or, when it has
leaked, kill it.`,
  scope: 'org:admin',
  rateClass: 'write-light',
  replies: { 200: { description: 'Deleted.', schema: deletedApiKey } },
  errors: ['NOT_FOUND', 'CONFLICT'],
  changesKeys: true,
  async handle({ principal: { organizationId }, params }, { database }) {
    const key = { organizationId, id: params.apiKeyId };
    const found = await findOwnKey(database, key);
    if (found === undefined) throw apiKeyNotFound();
    const isAdmin = found.state === 'live' && found.scopes.includes('org:admin');
    if (isAdmin && !(await hasOtherAdmin(database, key))) {
      throw new ApiError('CONFLICT', 'This is the last API key with org:admin.');
    }
    const deletedAt = await deleteKey(database, key);
    if (deletedAt === undefined) throw apiKeyNotFound();
    return {
      status: 200,
      body: { apiKeyId: formatId('apiKey', key.id), state: 'deleted', deletedAt: deletedAt.toISOString() },
    };
  },
});
