import { acceptJobs, type NewClone, type NewCreation } from '../../db/accept.ts';
import type { Principal } from '../../db/api-keys.ts';
import { ApiError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import { queuedJobsLimits, runningJobsLimits } from '../../domain/scopes.ts';
import { shots } from '../../domain/shots.ts';
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
  queuedLimit: queuedJobsLimits[principal.tier],
  runningLimit: runningJobsLimits[principal.tier],
});

/** Stores the influencer and its job; once that is committed its workflow is started, which the caller does not wait for. */
export async function acceptInfluencer(
  row: NewClone | NewCreation,
  refuse: (refusal: 'origin_missing' | 'assets_missing') => ApiError,
  { database, dispatcher }: Pick<Deps, 'database' | 'dispatcher'>,
): Promise<{ status: 202; body: JobEnvelope; location: string; afterCommit: () => void }> {
  const [accepted] = await acceptJobs(database, [row]);
  if (accepted === undefined) throw new Error('a row was neither accepted nor refused');
  switch (accepted) {
    case 'origin_missing':
    case 'assets_missing':
      throw refuse(accepted);
    case 'project_archived':
      throw new ApiError('CONFLICT', 'The project is archived.');
    case 'influencer_exists':
      throw new ApiError('CONFLICT', 'Influencer with this id already exists.');
    case 'too_many_queued':
      throw tooManyQueued(row.queuedLimit);
  }
  const sourceInfluencerId = 'sourceId' in row ? row.sourceId : null;
  return {
    status: 202,
    body: jobEnvelope(accepted),
    location: jobLocation(accepted.jobId),
    afterCommit: () => {
      if (accepted.mayStart)
        dispatcher.jobs.offer({ ...accepted, attempt: 1, kind: 'influencer_create', sourceInfluencerId });
    },
  };
}
