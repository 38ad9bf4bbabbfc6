// The cost guard: an image that costs money is counted before it is asked for, under a lock of its organization, so that no
// limit is passed however many workers draw. What was certainly not drawn does not count.

import type { JobAttempt } from '../domain/job.ts';
import type { Shot } from '../domain/shots.ts';
import { query, type Trx } from './database.ts';

/** How many images may be asked for, tries included. */
export interface PaidImageLimits {
  perJob: number;
  /** Of one organization and UTC day. */
  perDay: number;
}

/** What became of an image: `unusable` ones were drawn too; of `rejected` and `unanswered` ones it is not known. */
export const paidImageOutcomes = ['drawn', 'unusable', 'rejected', 'unanswered', 'not_drawn'] as const;
export type PaidImageOutcome = (typeof paidImageOutcomes)[number];

interface PaidImage extends JobAttempt {
  organizationId: string;
  id: string;
  shot: Shot;
}

/** Counts an image that is about to be asked for; gives the limit that forbids it, null where none does. */
export async function orderPaidImage(
  trx: Trx,
  image: PaidImage,
  limits: PaidImageLimits,
): Promise<keyof PaidImageLimits | null> {
  await query(trx, 'select from organizations where id = :organizationId for no key update', {
    organizationId: image.organizationId,
  });
  // A statement of its own: one that waited for the lock would not see what was counted meanwhile.
  const rows = await query<{ refusedBy: keyof PaidImageLimits | null }>(
    trx,
    `with counted as (
       select (select count(*) from paid_images
               where organization_id = :organizationId and job_id = :jobId
                 and outcome is distinct from 'not_drawn') as of_job,
              (select count(*) from paid_images
               where organization_id = :organizationId and outcome is distinct from 'not_drawn'
                 and ordered_at >= date_trunc('day', now(), 'UTC')) as of_day
     ),
     judged as (
       select case when of_job >= :perJob then 'perJob' when of_day >= :perDay then 'perDay' end as refused_by from counted
     ),
     ordered as (
       insert into paid_images (organization_id, id, job_id, attempt, shot)
       select :organizationId, :id, :jobId, :attempt, :shot from judged where refused_by is null
     )
     select refused_by as "refusedBy" from judged`,
    { ...image, ...limits },
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a count gave no row');
  return row.refusedBy;
}

/** Says what became of an image that was asked for. */
export async function settlePaidImage(
  trx: Trx,
  { organizationId, id }: Pick<PaidImage, 'organizationId' | 'id'>,
  outcome: PaidImageOutcome,
): Promise<void> {
  await query(trx, 'update paid_images set outcome = :outcome where organization_id = :organizationId and id = :id', {
    organizationId,
    id,
    outcome,
  });
}

/** How many images of a shot were of no use in this attempt. */
export async function countUnusableImages(
  trx: Trx,
  { organizationId, jobId, attempt, shot }: Omit<PaidImage, 'id'>,
): Promise<number> {
  const [row] = await query<{ count: number }>(
    trx,
    `select count(*)::integer as count from paid_images
     where organization_id = :organizationId and job_id = :jobId and attempt = :attempt and shot = :shot
       and outcome = 'unusable'`,
    { organizationId, jobId, attempt, shot },
  );
  return row?.count ?? 0;
}
