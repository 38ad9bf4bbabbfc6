import { acceptJobs, type NewClone, type NewCreation, type Refusal } from '../../db/accept.ts';
import type { Principal } from '../../db/organizations.ts';
import { ApiError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import { shots } from '../../domain/shots.ts';
import type { JobEnvelope } from '../../schemas/job.ts';
import type { Deps } from '../deps.ts';
import { jobEnvelope, jobLocation } from '../jobs/job-envelope.ts';

/** What every new influencer has, however it is made; `ownId` is the caller's own id for it, in any spelling. */
export const newInfluencer = (principal: Principal, ownId: string | undefined, { newId }: Pick<Deps, 'newId'>) => ({
  organizationId: principal.organizationId,
  environment: principal.environment,
  influencerId: ownId === undefined ? newId() : parseId('influencer', ownId),
  jobId: newId(),
  eventId: newId(),
  renderer: 'illustrated' as const,
  shots,
});

/** Stores the influencer and its job in one commit, then has its workflow started, which the caller does not wait for. */
export async function acceptInfluencer(
  row: NewClone | NewCreation,
  refusals: Record<Refusal, () => ApiError>,
  { database, dispatcher }: Pick<Deps, 'database' | 'dispatcher'>,
): Promise<{ status: 202; body: JobEnvelope; location: string }> {
  const [accepted] = await acceptJobs(database, [row]);
  if (accepted === undefined) throw new Error('a row was neither accepted nor refused');
  if (typeof accepted === 'string') throw refusals[accepted]();
  dispatcher.offer({
    ...accepted,
    attempt: 1,
    kind: 'influencer_create',
    sourceInfluencerId: 'sourceId' in row ? row.sourceId : null,
  });
  return { status: 202, body: jobEnvelope(accepted), location: jobLocation(accepted.jobId) };
}

export const influencerExists = () => new ApiError('CONFLICT', 'Influencer with this id already exists.');
