import type { Principal } from '../../db/api-keys.ts';
import type { JobStatus } from '../../domain/job.ts';
import type { WatchEnd } from '../../feed/watcher.ts';
import { requireLive } from '../../http/authentication.ts';
import type { Wait } from '../../http/waiting.ts';
import { hourOf } from '../../storage/signed-urls.ts';
import type { Deps } from '../deps.ts';

/** A job's version, with the hour of the URLs that it is told with. */
export const jobEtagOf = (version: number, now: Date): string => `${String(version)}-${String(hourOf(now))}`;

interface Waiting {
  principal: Principal;
  jobId: string;
  wait: Wait;
}

/**
 * Waits until the caller wants an answer: because it holds no ETag of the job any more, or, where it named none, the job has
 * ended; or since its time is up, or nothing more can be waited for. Throws when the key ends meanwhile.
 */
export async function waitForJob(
  { principal, jobId, wait: { withinMs, holds, signal } }: Waiting,
  { findJobVersion, jobFeed, now }: Pick<Deps, 'findJobVersion' | 'jobFeed' | 'now'>,
): Promise<void> {
  const startedAt = performance.now();
  const job = await findJobVersion({ ...principal, id: jobId });
  const isDue = (version: number, status: JobStatus) =>
    holds === null ? status !== 'running' : !holds(jobEtagOf(version, now()));
  if (job === undefined || isDue(job.version, job.status)) return;

  // With the hour, the ETag changes though no event comes.
  const leftMs = withinMs - (performance.now() - startedAt);
  const waitMs = holds === null ? leftMs : Math.min(leftMs, msToNextHour(now()));
  if (waitMs <= 0 || signal.aborted) return;
  const { organizationId, apiKeyId, lookup } = principal;
  const end = await new Promise<WatchEnd | null>((resolve) => {
    const finish = (why: WatchEnd | null) => {
      stop();
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve(why);
    };
    const over = () => {
      finish(null);
    };
    const stop = jobFeed.watch(
      { organizationId, jobId, afterSeq: job.version, apiKeyId, lookup },
      {
        onEvents(events) {
          const last = events.at(-1);
          if (last !== undefined && isDue(last.seq, last.status)) over();
        },
        onEnd: finish,
      },
    );
    const timer = setTimeout(over, waitMs);
    signal.addEventListener('abort', over, { once: true });
  });
  if (end?.reason === 'key') requireLive(end.state);
}

const hourMs = 3_600_000;
/** A little more, so that it has begun then. */
const msToNextHour = (now: Date) => hourMs - (now.getTime() % hourMs) + 10;
