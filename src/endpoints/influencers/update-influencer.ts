import { findInfluencer, updateInfluencer as storeChanges } from '../../db/influencers.ts';
import { changesOf } from '../../domain/clone.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { influencer, updateInfluencerBody } from '../../schemas/influencer.ts';
import { hourOf } from '../../storage/signed-urls.ts';
import type { Deps } from '../deps.ts';
import { influencerRecord } from './influencer-record.ts';
import { influencerNotFound, refusedChange } from './refusals.ts';

export const updateInfluencer = defineEndpoint<Deps>()({
  method: 'patch',
  path: '/v1/influencers/:influencerId',
  operationId: 'updateInfluencer',
  tag: 'Influencers',
  summary: 'Change an influencer',
  description: `Changes the fields that you send, and leaves the others: null clears a field, but not the name, \`personality\` merges key
by key, lists replace whole. A change that makes no difference makes no new version. Images that are there, and those that a running
job renders, stay what they are: a job works from the identity that it was accepted with, and a clone from then on has the new one.`,
  scope: 'influencers:write',
  rateClass: 'write-light',
  body: updateInfluencerBody,
  takesIfMatch: true,
  replies: { 200: { description: 'The influencer as it is now.', schema: influencer, hasEtag: true } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params, body, expectedVersions }, { database, urls, now }) {
    const owned = { ...principal, id: params.influencerId };
    const { name, ...patch } = body;
    const outcome = await storeChanges(database, owned, { name, changes: changesOf(patch), expectedVersions });
    if (outcome !== 'done') throw refusedChange(outcome);
    const row = await findInfluencer(database, owned);
    if (row === undefined) throw influencerNotFound();
    const signing = { urls, now: now() };
    return {
      status: 200,
      body: influencerRecord(row, signing),
      etag: `${String(row.version)}-${String(hourOf(signing.now))}`,
    };
  },
});
