import { findInfluencer } from '../../db/influencers.ts';
import { ApiError } from '../../domain/errors.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { influencer } from '../../schemas/influencer.ts';
import { hourOf } from '../../storage/signed-urls.ts';
import type { Deps } from '../deps.ts';
import { influencerRecord } from './influencer-record.ts';

export const getInfluencer = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/influencers/:influencerId',
  operationId: 'getInfluencer',
  tag: 'Influencers',
  summary: 'Read an influencer',
  description: `Gives the record with its reference images. Image URLs are signed and stay the same within an hour; at least one hour
is left when you read them, and the images themselves never expire.`,
  scope: 'influencers:read',
  rateClass: 'read-light',
  replies: { 200: { description: 'The influencer.', schema: influencer } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params }, { database, urls, now }) {
    const row = await findInfluencer(database, { ...principal, id: params.influencerId });
    if (row === undefined) throw new ApiError('NOT_FOUND', 'Influencer not found.');
    const signing = { urls, now: now() };
    return {
      status: 200,
      body: influencerRecord(row, signing),
      etag: `${String(row.version)}-${String(hourOf(signing.now))}`,
    };
  },
});
