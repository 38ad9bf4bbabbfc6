// Group commit: jobs that are asked for while statements are under way share the next one. One that comes alone waits for nothing;
// under load a hundred share a commit.

import type { Knex } from 'knex';
import { acceptJobs, findAcceptedJobs, type AcceptedJob, type NewJob, type Refusal } from './accept.ts';
import { isUnavailable, sqlStateOf, violatedConstraintOf } from './database.ts';

type Answer = AcceptedJob | Refusal;

/** Accepts a job, or says why nothing was stored. Throws what Postgres says; where it cannot be reached, for all that wait. */
export type AcceptJob = (job: NewJob) => Promise<Answer>;

interface Waiting {
  job: NewJob;
  since: number;
  resolve: (answer: Answer | Promise<Answer>) => void;
  reject: (error: unknown) => void;
}

/** While one waits for the disk another one runs. */
export const acceptStatementsMax = 2;
const rowsMax = 128;
const lateMs = 100;

/**
 * Accepts through `database`, on which a statement has little time, since many wait for it. What cannot be done together is done row
 * by row through `patient`.
 */
export function acceptor({ database, patient }: { database: Knex; patient: Knex }): AcceptJob {
  let waiting: Waiting[] = [];
  let statements = 0;
  /** Of the rows under way: a statement would wait for the other one that has the same. */
  const busy = new Set<string>();

  const takeBatch = (): Waiting[] => {
    const batch: Waiting[] = [];
    waiting = waiting.filter((one) => {
      const ids = idsOf(one.job);
      if (batch.length === rowsMax || ids.some((id) => busy.has(id))) return true;
      for (const id of ids) busy.add(id);
      batch.push(one);
      return false;
    });
    return batch;
  };

  /** What became of a batch whose answer did not come. Where that cannot be told either, its callers stay in doubt. */
  const findAcceptedOf = async (batch: readonly Waiting[]): Promise<Map<string, AcceptedJob>> => {
    const jobIds = batch.map(({ job }) => job.jobId);
    const found = await findAcceptedJobs(database, jobIds).catch(() => []);
    return new Map(found.map((job) => [job.jobId, job]));
  };

  /** Those that have waited for long would wait as long again, to be told the same. */
  const refuseLate = (error: unknown): void => {
    const isLate = ({ since }: Waiting) => performance.now() - since > lateMs;
    for (const { reject } of waiting.filter(isLate)) reject(error);
    waiting = waiting.filter((one) => !isLate(one));
  };

  const acceptBatch = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const answers = await acceptJobs(
        database,
        batch.map(({ job }) => job),
      );
      for (const [index, answer] of answers.entries()) batch[index]?.resolve(answer);
    } catch (error) {
      if (isOfOneRow(error)) {
        const alone = batch.map(({ job, resolve }) => {
          const answer = acceptAlone(patient, job);
          resolve(answer);
          return answer;
        });
        await Promise.allSettled(alone); // who waits is told
      } else if (isUnavailable(error)) {
        const accepted = await findAcceptedOf(batch);
        for (const { job, resolve, reject } of batch) {
          const answer = accepted.get(job.jobId);
          if (answer === undefined) reject(error);
          else resolve(answer);
        }
        refuseLate(error);
      } else {
        for (const { reject } of batch) reject(error);
      }
    } finally {
      for (const { job } of batch) for (const id of idsOf(job)) busy.delete(id);
    }
  };

  const pump = (): void => {
    while (statements < acceptStatementsMax) {
      const batch = takeBatch();
      if (batch.length === 0) return;
      statements++;
      void acceptBatch(batch).finally(() => {
        statements--;
        pump();
      });
    }
  };

  return (job) =>
    new Promise((resolve, reject) => {
      waiting.push({ job, since: performance.now(), resolve, reject });
      pump();
    });
}

async function acceptAlone(database: Knex, job: NewJob): Promise<Answer> {
  try {
    const [answer] = await acceptJobs(database, [job]);
    if (answer === undefined) throw new Error('a row was neither accepted nor refused');
    return answer;
  } catch (error) {
    if (violatedConstraintOf(error) === 'influencers_pkey') return 'influencer_exists'; // since the snapshot
    throw error;
  }
}

const idsOf = ({ organizationId, influencerId, idempotency }: NewJob): string[] => [
  `influencer ${organizationId} ${influencerId}`,
  ...(idempotency === null ? [] : [`key ${organizationId} ${idempotency.key}`]),
];

/** Whether a statement was undone because of one of its rows: one that is not unique, that breaks a rule, or waits for a lock. */
const isOfOneRow = (error: unknown): boolean => /^(22|23|55P03)/.test(sqlStateOf(error) ?? '');
