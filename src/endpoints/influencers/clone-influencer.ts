import { changesOf } from '../../domain/clone.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { cloneInfluencerBody } from '../../schemas/influencer.ts';
import { jobEnvelope } from '../../schemas/job.ts';
import type { Deps } from '../deps.ts';
import { influencerRequest, newInfluencer } from './accept-influencer.ts';
import { influencerNotFound } from './refusals.ts';

export const cloneInfluencer = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/influencers/:influencerId/clone',
  operationId: 'cloneInfluencer',
  tag: 'Influencers',
  summary: 'Clone an influencer',
  description: `Copies an influencer's identity, as it is now, into a new one of the same project, with your overrides, and renders
its reference images again. The clone can be read at once, with \`status: "pending"\`; poll the job. The metadata of the source's
reference images is copied to the clone's \`attributes\` as a starting set.`,
  scope: 'influencers:write',
  rateClass: 'long-running',
  takesSimulation: true,
  body: cloneInfluencerBody,
  replies: { 202: { description: 'Accepted: the clone exists, and its job runs.', schema: jobEnvelope } },
  errors: ['NOT_FOUND', 'CONFLICT'],
  accept({ principal, params, body, simulation }, deps) {
    const clone = {
      ...newInfluencer(principal, body.newInfluencerId, deps),
      simulation,
      name: body.name,
      sourceId: params.influencerId,
      changes: changesOf(body.overrides ?? {}),
    };
    return influencerRequest(principal, clone, influencerNotFound, deps);
  },
});
