import { orderCancellation } from '../../db/cancellations.ts';
import { deleteInfluencer as storeDeletion } from '../../db/influencers.ts';
import { endJob, lockJobOf } from '../../db/job-moves.ts';
import { formatId } from '../../domain/ids.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { deletedInfluencer, deleteInfluencerBody } from '../../schemas/influencer.ts';
import type { Deps } from '../deps.ts';
import { refusedChange } from './refusals.ts';

export const deleteInfluencer = defineEndpoint<Deps>()({
  method: 'delete',
  path: '/v1/influencers/:influencerId',
  operationId: 'deleteInfluencer',
  tag: 'Influencers',
  summary: 'Delete an influencer',
  description: `Deletes an influencer for ever: all that is asked of it is 404 from then on, deleting it again too, and its id is not
given out again. Its job, where one runs, ends \`canceled\` at once, at any stage. What remains is its job, which can still be read,
and its clones, with the images that they began with.`,
  scope: 'influencers:write',
  rateClass: 'write-light',
  body: deleteInfluencerBody,
  bodyIsOptional: true,
  takesIfMatch: true,
  replies: { 200: { description: 'It is deleted.', schema: deletedInfluencer } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params, body, expectedVersions }, { database, dispatcher, newId }) {
    const owned = { ...principal, id: params.influencerId };
    // The job before the influencer, as the activities do: the other way round, each could wait for the other.
    const job = await lockJobOf(database, owned);
    const deleted = await storeDeletion(database, owned, { reason: body?.reason ?? null, expectedVersions });
    if (typeof deleted === 'string') throw refusedChange(deleted);
    if (job !== undefined) {
      await endJob(database, job, { status: 'canceled' }, newId());
      if (job.isDispatched) await orderCancellation(database, job);
    }
    return {
      status: 200,
      body: {
        influencerId: formatId('influencer', params.influencerId),
        status: 'deleted',
        deletedAt: deleted.deletedAt.toISOString(),
      },
      afterCommit: () => {
        if (job?.isDispatched === true) dispatcher.cancellations.offer(job);
      },
    };
  },
});
