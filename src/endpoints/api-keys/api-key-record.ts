import type { ApiKeyRow } from '../../db/api-keys.ts';
import { ApiError } from '../../domain/errors.ts';
import { formatId } from '../../domain/ids.ts';
import type { ApiKey } from '../../schemas/api-key.ts';

/** A key as its organization sees it: without anything that could be called with. */
export const apiKeyRecord = (row: ApiKeyRow): ApiKey => ({
  apiKeyId: formatId('apiKey', row.id),
  name: row.name,
  scopes: row.scopes,
  environment: row.environment,
  prefix: `lp_${row.environment}_${row.lookup}`,
  state: row.state,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt?.toISOString() ?? null,
  lastRotatedAt: row.rotatedAt?.toISOString() ?? null,
  killedAt: row.killedAt?.toISOString() ?? null,
});

/** What a caller is told of a key that is not there, is deleted, or is another organization's. */
export const apiKeyNotFound = (): ApiError => new ApiError('NOT_FOUND', 'API key not found.');
