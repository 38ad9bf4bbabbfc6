import { removeImage, touchInfluencer } from '../../db/images.ts';
import { lockInfluencer } from '../../db/influencers.ts';
import { ApiError } from '../../domain/errors.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { referenceImages } from '../../schemas/influencer.ts';
import type { Deps } from '../deps.ts';
import { referenceImagesOf } from './influencer-record.ts';
import { influencerNotFound } from './refusals.ts';

export const removeReferenceImage = defineEndpoint<Deps>()({
  method: 'delete',
  path: '/v1/influencers/:influencerId/reference-images/:assetId',
  operationId: 'removeReferenceImage',
  tag: 'Influencers',
  summary: 'Remove a reference image',
  description: `Takes an image, uploaded or rendered, out of an influencer's set; 404 when it is not in the set (any more). The asset
stays for 30 days, and for as long as anything else uses it: the job that rendered it, clones that began with it. A rendered image
is not rendered again, by a retry neither; added again, it counts as uploaded.`,
  scope: 'influencers:write',
  rateClass: 'write-light',
  replies: { 200: { description: 'The whole set as it is now.', schema: referenceImages } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params }, { database, urls, now }) {
    const owned = { ...principal, id: params.influencerId };
    const influencer = await lockInfluencer(database, owned);
    if (influencer === undefined) throw influencerNotFound();
    if (!(await removeImage(database, influencer, params.assetId))) {
      throw new ApiError('NOT_FOUND', 'Reference image not found.');
    }
    await touchInfluencer(database, influencer);
    return { status: 200, body: await referenceImagesOf(database, owned, { urls, now: now() }) };
  },
});
