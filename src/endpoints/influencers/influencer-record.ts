import type { Trx } from '../../db/database.ts';
import { findInfluencer, type InfluencerListRow, type InfluencerRow, type OwnedId } from '../../db/influencers.ts';
import type { StoredImage } from '../../db/images.ts';
import { formatId } from '../../domain/ids.ts';
import type { Identity } from '../../domain/influencer.ts';
import type { Influencer, InfluencerListItem, ReferenceImage } from '../../schemas/influencer.ts';
import type { SignedUrls } from '../../storage/signed-urls.ts';
import { influencerNotFound } from './refusals.ts';

type Signing = { urls: SignedUrls; now: Date };

/** An image as callers see it, with URLs that open for the next hour at least. */
export const referenceImageOf = (image: StoredImage, { urls, now }: Signing): ReferenceImage => ({
  assetId: formatId('asset', image.assetId),
  url: urls.urlOf(image.storageKey, now),
  thumbnailUrl: urls.urlOf(image.thumbnailKey, now),
  width: image.width,
  height: image.height,
  shot: image.shot,
  origin: image.shot === null ? 'uploaded' : 'rendered',
  addedAt: new Date(image.addedAt).toISOString(),
});

const unset: { [Field in keyof Identity]-?: null } = {
  gender: null,
  ageRange: null,
  ethnicity: null,
  bodyType: null,
  hairColor: null,
  hairStyle: null,
  style: null,
  vibe: null,
  voiceDescription: null,
  personality: null,
};

/** An influencer as callers see it. */
export function influencerRecord(row: InfluencerRow, signing: Signing): Influencer {
  const referenceImages = row.referenceImages.map((image) => referenceImageOf(image, signing));
  const startingImages = row.startingImages.map((image) => referenceImageOf(image, signing));
  return {
    influencerId: formatId('influencer', row.id),
    projectId: formatId('project', row.projectId),
    name: row.name,
    ...unset,
    ...row.identity,
    referenceImages,
    thumbnailUrl: referenceImages[0]?.thumbnailUrl ?? null,
    attributes:
      row.clonedFrom === null
        ? {}
        : {
            referenceImages: startingImages,
            clonedFrom: {
              influencerId: formatId('influencer', row.clonedFrom.influencerId),
              name: row.clonedFrom.name,
              clonedAt: new Date(row.clonedFrom.clonedAt).toISOString(),
            },
          },
    status: row.status,
    errorMessage: row.errorMessage,
    jobId: formatId('job', row.jobId),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

/** An influencer as lists show it. */
export const influencerListItem = (row: InfluencerListRow, { urls, now }: Signing): InfluencerListItem => ({
  influencerId: formatId('influencer', row.id),
  name: row.name,
  gender: row.gender,
  ageRange: row.ageRange,
  status: row.status,
  thumbnailUrl: row.thumbnailKey === null ? null : urls.urlOf(row.thumbnailKey, now),
  createdAt: row.createdAt.toISOString(),
});

/** The whole set of an influencer's images, for the reply to a change of it. */
export async function referenceImagesOf(
  trx: Trx,
  owned: OwnedId,
  signing: Signing,
): Promise<Pick<Influencer, 'influencerId' | 'referenceImages'>> {
  const row = await findInfluencer(trx, owned);
  if (row === undefined) throw influencerNotFound();
  const { influencerId, referenceImages } = influencerRecord(row, signing);
  return { influencerId, referenceImages };
}
