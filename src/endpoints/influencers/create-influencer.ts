import { createHash, randomBytes } from 'node:crypto';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { ApiError, invalid } from '../../domain/errors.ts';
import type { Environment, Identity } from '../../domain/influencer.ts';
import { parseId } from '../../domain/ids.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { createInfluencerBody } from '../../schemas/influencer.ts';
import { jobEnvelope } from '../../schemas/job.ts';
import type { Deps } from '../deps.ts';
import { influencerRequest, newInfluencer } from './accept-influencer.ts';

export const createInfluencer = defineEndpoint<Deps>()({
  method: 'post',
  path: '/v1/projects/:projectId/influencers',
  operationId: 'createInfluencer',
  tag: 'Influencers',
  summary: 'Create an influencer',
  description: `Makes an influencer from an identity, and from photos where you have some, and renders its reference images. What you
leave out is chosen for you, once and for good. The influencer can be read at once, with \`status: "pending"\`; poll the job.`,
  scope: 'influencers:write',
  rateClass: 'long-running',
  takesSimulation: true,
  body: createInfluencerBody,
  replies: { 202: { description: 'Accepted: the influencer exists, and its job runs.', schema: jobEnvelope } },
  errors: ['NOT_FOUND', 'CONFLICT'],
  accept({ principal, params, body, simulation }, deps) {
    const { name, influencerId, referenceImages, ...identity } = body;
    const creation = {
      ...newInfluencer(principal, influencerId, deps),
      simulation,
      name,
      projectId: params.projectId,
      identity,
      seed: seedOf(principal.environment, name, identity),
      assetIds: (referenceImages?.assetIds ?? []).map((id) => parseId('asset', id)),
    };
    return influencerRequest(
      principal,
      creation,
      (refusal) =>
        refusal === 'origin_missing'
          ? new ApiError('NOT_FOUND', 'Project not found.')
          : invalid([
              {
                path: 'body.referenceImages.assetIds',
                message: 'must all be ready assets of the project',
                keyword: 'assetIds',
              },
            ]),
      deps,
    );
  },
});

/** What decides all that an identity leaves open: chance, but for test keys, for which equal influencers look equal. */
function seedOf(environment: Environment, name: string, identity: Identity): string {
  if (environment === 'live') return randomBytes(32).toString('hex');
  return createHash('sha256')
    .update(canonicalJson([name, identity]))
    .digest('hex');
}
