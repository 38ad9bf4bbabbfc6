import { killKey } from '../../db/api-keys.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { apiKey } from '../../schemas/api-key.ts';
import type { Deps } from '../deps.ts';
import { apiKeyNotFound, apiKeyRecord } from './api-key-record.ts';

export const killApiKey = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/api-keys/:apiKeyId/kill',
  operationId: 'killApiKey',
  tag: 'API keys',
  summary: 'Kill an API key',
  description: `Stops a key for good, the way out when it has leaked: after this answer nothing more is stored with it, within a second nothing
is read, and its requests are 503 \`KILL_SWITCH\`, so that whoever still uses it knows why. A repeat changes nothing. A key may always
kill itself; another one needs \`org:admin\`. Also the last key with \`org:admin\` can be killed: then only the operator, with the command
\`doppel organizations create-key\`, can make another.`,
  scope: null,
  scopeOf: ({ principal, params }) => (params.apiKeyId === principal.apiKeyId ? null : 'org:admin'),
  rateClass: 'write-light',
  replies: { 200: { description: 'The key, killed.', schema: apiKey } },
  errors: ['NOT_FOUND', 'FORBIDDEN_SCOPE'],
  changesKeys: true,
  async handle({ principal, params: { apiKeyId } }, { database }) {
    const row = await killKey(database, { organizationId: principal.organizationId, id: apiKeyId });
    if (row === undefined) throw apiKeyNotFound();
    return { status: 200, body: apiKeyRecord(row) };
  },
});
