import type { Trx } from '../src/db/database.ts';
import { moveInfluencer } from '../src/db/influencers.ts';
import { lockRunningJob, moveJob, type RunningJob } from '../src/db/job-moves.ts';
import { beginShots as beginShotRows } from '../src/db/shots.ts';
import { progressOf, type JobAttempt } from '../src/domain/job.ts';
import type { Shot } from '../src/domain/shots.ts';
import type { ActivityDeps } from './deps.ts';

/** Says that a wave of shots is being rendered. Safe to repeat: a wave that has begun does not begin again. */
export const beginShots =
  ({ database, newId }: ActivityDeps) =>
  ({ shots, ...ref }: JobAttempt & { shots: Shot[] }): Promise<void> =>
    database.transaction(async (trx) => {
      const job = await lockRunningJob(trx, ref);
      if (job !== undefined) await beginWave(trx, job, shots, newId());
    });

/** Begins a wave of a locked job, which moves on to `rendering` with it. */
export async function beginWave(trx: Trx, job: RunningJob, shots: readonly Shot[], eventId: string): Promise<void> {
  const waiting = shots.filter((shot) => !['rendering', 'rendered'].includes(job.shotStatuses[shot] ?? 'pending'));
  if (waiting.length === 0 && job.stage === 'rendering') return;
  await beginShotRows(trx, job, waiting);
  await moveJob(trx, job, { stage: 'rendering', progress: progressOf('rendering', job) }, { id: eventId });
  await moveInfluencer(trx, job, 'training');
}
