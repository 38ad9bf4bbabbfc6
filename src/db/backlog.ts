import { query, type Trx } from './database.ts';
import { inOrganization } from './in-organization.ts';

/** Tells whether so many jobs are queued, of all organizations or of one; counts no further than that. */
export async function hasQueuedJobs(trx: Trx, limit: number, organizationId?: string): Promise<boolean> {
  const rows = await query<{ isFull: boolean }>(
    trx,
    `select count(*) >= :limit as "isFull"
     from (
       select from jobs where status = 'running' and stage = 'queued'
       ${organizationId === undefined ? '' : `and ${inOrganization(':organizationId')} order by organization_id`} limit :limit
     ) queued`,
    { limit, ...(organizationId !== undefined && { organizationId }) },
  );
  return rows[0]?.isFull === true;
}
