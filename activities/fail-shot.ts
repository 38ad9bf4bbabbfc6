import { lockRunningJob } from '../src/db/job-moves.ts';
import { settleFailed } from '../src/db/shots.ts';
import type { ErrorCode } from '../src/domain/errors.ts';
import type { JobAttempt } from '../src/domain/job.ts';
import type { Shot } from '../src/domain/shots.ts';
import type { ActivityDeps } from './deps.ts';

const messages: Partial<Record<ErrorCode, string>> = {
  CONTENT_REJECTED: 'The renderer refused to draw this image.',
  RATE_LIMITED:
    'More images were asked for than may be rendered: of this job, of the organization today, or by the renderer now.',
};

/** Says that a shot will not be rendered in this attempt. Safe to repeat: a shot that is settled stays as it is. */
export const failShot =
  ({ database, newId }: ActivityDeps) =>
  ({ shot, code, ...ref }: JobAttempt & { shot: Shot; code: ErrorCode }): Promise<void> =>
    database.transaction(async (trx) => {
      const job = await lockRunningJob(trx, ref);
      const status = job?.shotStatuses[shot];
      if (job === undefined || status === 'rendered' || status === 'failed') return;
      const message = messages[code] ?? 'This image could not be rendered.';
      await settleFailed(trx, job, { shot, error: { code, message } }, newId());
    });
