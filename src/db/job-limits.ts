// How many jobs of one organization are counted against its limits; no count looks further than the limit. All parameters are SQL
// expressions.

import { inOrganization } from './in-organization.ts';

/** How many jobs of an organization are queued, the limit at most. */
export const queuedJobsSql = (organizationId: string, limit: string): string => `(
  select count(*) from (
    select from jobs where ${inOrganization(organizationId)} and status = 'running' and stage = 'queued'
    order by organization_id limit ${limit}
  ) queued
)`;

/** How many jobs of an organization run, or are about to: claims are on its oldest, so that not all that wait are looked at. */
export const runningJobsSql = (organizationId: string, limit: string): string => `(
  (select count(*) from (
     select from jobs where ${inOrganization(organizationId)} and status = 'running' and dispatched_at is not null
     order by organization_id limit ${limit}
   ) running)
  + (select count(*) filter (where claimed_until >= now()) from (
       select claimed_until from jobs
       where ${inOrganization(organizationId)} and status = 'running' and dispatched_at is null
       order by organization_id, id limit ${limit}
     ) oldest)
)`;

/**
 * How many of an organization's places to run are taken, for one that comes now. While others wait for one, all are: it goes behind
 * them.
 */
export const takenPlacesSql = (organizationId: string, limit: string): string => `case
  when (
    select true from jobs
    where ${inOrganization(organizationId)} and status = 'running' and dispatched_at is null
      and (claimed_until is null or claimed_until < now())
    order by organization_id, id limit 1
  ) then ${limit}
  else ${runningJobsSql(organizationId, limit)}
end`;
