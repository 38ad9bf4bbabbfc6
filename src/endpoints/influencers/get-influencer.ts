import { findInfluencer } from '../../db/influencers.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { influencer } from '../../schemas/influencer.ts';
import { hourOf } from '../../storage/signed-urls.ts';
import type { Deps } from '../deps.ts';
import { influencerRecord } from './influencer-record.ts';
import { influencerNotFound } from './refusals.ts';

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
  replies: { 200: { description: 'The influencer.', schema: influencer, hasEtag: true } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params }, { database, urls, now }) {
    const row = await findInfluencer(database, { ...principal, id: params.influencerId });
    if (row === undefined) throw influencerNotFound();
    const signing = { urls, now: now() };
    return {
      status: 200,
      body: influencerRecord(row, signing),
      etag: `${String(row.version)}-${String(hourOf(signing.now))}`,
    };
  },
});
