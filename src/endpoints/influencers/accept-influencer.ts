import type { NewClone, NewCreation } from '../../db/accept.ts';
import type { Principal } from '../../db/api-keys.ts';
import { ApiError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import { queuedJobsLimits, runningJobsLimits } from '../../domain/scopes.ts';
import { shots } from '../../domain/shots.ts';
import type { JobRequest } from '../../http/define-endpoint.ts';
import type { JobEnvelope } from '../../schemas/job.ts';
import type { Deps } from '../deps.ts';
import { jobEnvelope, jobLocation } from '../jobs/job-envelope.ts';
import { tooManyQueued } from '../jobs/refusals.ts';

/** What every new influencer has, however it is made; `ownId` is the caller's own id for it, in any spelling. */
export const newInfluencer = (
  principal: Principal,
  ownId: string | undefined,
  { newId, renderer }: Pick<Deps, 'newId' | 'renderer'>,
) => ({
  organizationId: principal.organizationId,
  environment: principal.environment,
  influencerId: ownId === undefined ? newId() : parseId('influencer', ownId),
  jobId: newId(),
  eventId: newId(),
  // What a test key makes is the same each time, and costs nothing.
  renderer: principal.environment === 'test' ? ('illustrated' as const) : renderer,
  shots,
  runningLimit: runningJobsLimits[principal.tier],
});

/** Asks for an influencer and its job; once that is committed its workflow is started, which the caller does not wait for. */
export const influencerRequest = (
  { tier }: Principal,
  job: NewClone | NewCreation,
  refuse: (refusal: 'origin_missing' | 'assets_missing') => ApiError,
  { dispatcher }: Pick<Deps, 'dispatcher'>,
): JobRequest<{ status: 202; body: JobEnvelope; location: string }> => ({
  job,
  replyTo: (accepted) => ({ status: 202, body: jobEnvelope(accepted), location: jobLocation(accepted.jobId) }),
  refusalFor: (refusal) => {
    switch (refusal) {
      case 'origin_missing':
      case 'assets_missing':
        return refuse(refusal);
      case 'project_archived':
        return new ApiError('CONFLICT', 'The project is archived.');
      case 'influencer_exists':
        return new ApiError('CONFLICT', 'Influencer with this id already exists.');
      case 'too_many_queued':
        return tooManyQueued(queuedJobsLimits[tier]);
    }
  },
  afterCommit: ({ mayStart, ...accepted }) => {
    const sourceInfluencerId = 'sourceId' in job ? job.sourceId : null;
    if (!mayStart) return;
    const kind = 'influencer_create';
    dispatcher.jobs.offer({ ...accepted, attempt: 1, kind, sourceInfluencerId, tier, hasWaited: false });
  },
});
