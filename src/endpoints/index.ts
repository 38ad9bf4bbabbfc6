import type { Endpoint } from '../http/define-endpoint.ts';
import type { Deps } from './deps.ts';
import { cloneInfluencer } from './influencers/clone-influencer.ts';
import { createInfluencer } from './influencers/create-influencer.ts';
import { getInfluencer } from './influencers/get-influencer.ts';
import { getJob } from './jobs/get-job.ts';

/** All that a caller can do: the router and the OpenAPI document are made from this list. */
export const endpoints: readonly Endpoint<Deps>[] = [cloneInfluencer, createInfluencer, getInfluencer, getJob];
