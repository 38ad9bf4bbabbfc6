import { listOwnKeys } from '../../db/api-keys.ts';
import { pageOf } from '../../http/cursors.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { apiKeyPage, apiKeysQuery } from '../../schemas/api-key.ts';
import type { Deps } from '../deps.ts';
import { apiKeyRecord } from './api-key-record.ts';

export const listApiKeys = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/api-keys',
  operationId: 'listApiKeys',
  tag: 'API keys',
  summary: 'List API keys',
  description: `Gives your organization's keys of both environments, the newest first: those that live, were killed or have expired, not
those that were deleted. Secrets are never shown; \`prefix\` is how a key begins.`,
  scope: 'org:admin',
  rateClass: 'read-light',
  query: apiKeysQuery,
  replies: { 200: { description: 'A page of keys.', schema: apiKeyPage } },
  errors: [],
  async handle({ principal: { organizationId }, query: { limit, cursor } }, { database, cursors }) {
    const list = { of: 'api-keys', organizationId };
    const rows = await listOwnKeys(database, { organizationId, after: cursors.read(list, cursor), limit: limit + 1 });
    return {
      status: 200,
      body: pageOf(rows, {
        limit,
        itemOf: apiKeyRecord,
        cursorOf: ({ createdAt, id }) => cursors.after(list, { at: createdAt, id }),
      }),
    };
  },
});
