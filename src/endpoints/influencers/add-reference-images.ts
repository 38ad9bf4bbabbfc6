import { addUploadedImages, touchInfluencer } from '../../db/images.ts';
import { lockInfluencer } from '../../db/influencers.ts';
import { ApiError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import { listLimits } from '../../domain/influencer.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { addReferenceImagesBody, referenceImages } from '../../schemas/influencer.ts';
import type { Deps } from '../deps.ts';
import { referenceImagesOf } from './influencer-record.ts';
import { influencerNotFound } from './refusals.ts';

export const addReferenceImages = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/influencers/:influencerId/reference-images',
  operationId: 'addReferenceImages',
  tag: 'Influencers',
  summary: 'Add reference images',
  description: `Adds assets of the project behind the uploaded images of an influencer, up to ${String(listLimits.uploadedImages)} of them; more
is \`CONFLICT\`. An asset that it has already is skipped, and so is one that is not of the project, or is none: look at the set that
you get. No image is rendered again for it.`,
  scope: 'influencers:write',
  rateClass: 'write-light',
  body: addReferenceImagesBody,
  replies: { 200: { description: 'The whole set as it is now.', schema: referenceImages } },
  errors: ['NOT_FOUND', 'CONFLICT'],
  async handle({ principal, params, body }, { database, urls, now }) {
    const owned = { ...principal, id: params.influencerId };
    const influencer = await lockInfluencer(database, owned);
    if (influencer === undefined) throw influencerNotFound();
    const assetIds = body.assetIds.map((id) => parseId('asset', id));
    const { before, added } = await addUploadedImages(database, influencer, assetIds);
    if (added > 0 && before + added > listLimits.uploadedImages) {
      const message = `An influencer has at most ${String(listLimits.uploadedImages)} uploaded images.`;
      throw new ApiError('CONFLICT', message, { details: { limit: 'uploaded_images' } });
    }
    if (added > 0) await touchInfluencer(database, influencer);
    return { status: 200, body: await referenceImagesOf(database, owned, { urls, now: now() }) };
  },
});
