import { findAsset } from '../../db/assets.ts';
import { ApiError } from '../../domain/errors.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { asset } from '../../schemas/media.ts';
import { hourOf } from '../../storage/signed-urls.ts';
import type { Deps } from '../deps.ts';
import { assetRecord } from './asset-record.ts';

export const getMedia = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/media/:assetId',
  operationId: 'getMedia',
  tag: 'Media',
  summary: 'Read an asset',
  description: `Gives a picture's record, whether it was uploaded or rendered. Its URLs are signed and stay the same within an hour;
at least one hour is left when you read them.`,
  scope: 'projects:read',
  rateClass: 'read-light',
  replies: { 200: { description: 'The asset.', schema: asset, hasEtag: true } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params }, { database, urls, now }) {
    const row = await findAsset(database, { ...principal, id: params.assetId });
    if (row === undefined) throw new ApiError('NOT_FOUND', 'Asset not found.');
    const signing = { urls, now: now() };
    // An asset never changes: its URLs alone do.
    return { status: 200, body: assetRecord(row, signing), etag: `1-${String(hourOf(signing.now))}` };
  },
});
