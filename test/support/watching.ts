// A job that moves when the test says so, as a worker would move it.

import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { v7 as newId } from 'uuid';
import { query } from '../../src/db/database.ts';
import type { OwnedId } from '../../src/db/influencers.ts';
import { endJob, lockJob, lockRunningJob, moveJob } from '../../src/db/job-moves.ts';
import { retryLockedJob } from '../../src/db/retry.ts';
import { parseId } from '../../src/domain/ids.ts';

interface Steps {
  /** Moves it on by one event. */
  step: (progress?: number) => Promise<void>;
  end: (status?: 'completed' | 'canceled') => Promise<void>;
  fail: () => Promise<void>;
  /** Begins the next attempt. */
  retry: () => Promise<void>;
}

/** Moves a job, by its id as callers see it. */
export function stepsOf(database: Knex, id: string): Steps {
  const jobId = parseId('job', id);
  let attempt = 1;
  const locked = <Result>(
    what: (trx: Knex, job: NonNullable<Awaited<ReturnType<typeof lockRunningJob>>>) => Promise<Result>,
  ) =>
    database.transaction(async (trx) => {
      const job = await lockRunningJob(trx, { jobId, attempt });
      if (job === undefined) throw new Error('the job does not run');
      return what(trx, job);
    });
  return {
    step: (progress = 0.1) =>
      locked((trx, job) =>
        moveJob(trx, job, { stage: 'rendering', progress }, { id: newId(), shot: 'portrait', assetId: randomUUID() }),
      ),
    end: (status = 'completed') => locked((trx, job) => endJob(trx, job, { status }, newId())),
    fail: () =>
      locked((trx, job) => {
        const error = { code: 'RENDER_FAILED' as const, message: 'No pencil.', retryable: true, details: null };
        return endJob(trx, job, { status: 'failed', error }, newId());
      }),
    async retry() {
      attempt++;
      await database.transaction(async (trx) => {
        const [owned] = await query<OwnedId>(
          trx,
          'select organization_id as "organizationId", environment, id from jobs where id = :jobId',
          { jobId },
        );
        const job = owned === undefined ? undefined : await lockJob(trx, owned);
        if (job === undefined) throw new Error('there is no such job');
        await retryLockedJob(trx, job, { eventId: newId(), queuedLimit: 1_000, runningLimit: 1_000 });
      });
    },
  };
}
