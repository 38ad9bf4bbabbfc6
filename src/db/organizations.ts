import type { Tier } from '../domain/scopes.ts';
import { apiKeysChannel } from './api-keys.ts';
import { query, type Trx } from './database.ts';

export async function insertOrganization(
  trx: Trx,
  organization: { id: string; name: string; tier: Tier },
): Promise<void> {
  await query(trx, 'insert into organizations (id, name, tier) values (:id, :name, :tier)', organization);
}

/** Gives false when there is no such organization. */
export async function setTier(trx: Trx, organizationId: string, tier: Tier): Promise<boolean> {
  const rows = await query(trx, 'update organizations set tier = :tier where id = :organizationId returning id', {
    organizationId,
    tier,
  });
  return rows.length === 1;
}

export async function organizationExists(trx: Trx, organizationId: string): Promise<boolean> {
  return (await query(trx, 'select from organizations where id = :organizationId', { organizationId })).length === 1;
}

/**
 * What belongs to an organization, in the order in which it can go: what refers to a row goes before it, and tables that refer
 * to each other go in one statement.
 */
const erasedTogether = [
  ['webhook_attempts'],
  ['webhook_deliveries'],
  ['webhook_endpoints'],
  ['job_events'],
  ['job_shots'],
  ['paid_images'],
  ['influencer_images'],
  ['uploads'],
  ['influencers', 'jobs'],
  ['assets'],
  ['projects'],
  ['idempotency_keys'],
] as const;

/**
 * Erases an organization and all that belongs to it, and gives how many rows of each table went. Takes a transaction for each
 * step: if it breaks off, it goes on where it was when it is run again. Its keys go first, and no job runs from then on, so
 * that nothing comes back meanwhile.
 */
export async function eraseOrganization(trx: Trx, organizationId: string): Promise<Record<string, number>> {
  const erased: [table: string, count: number][] = [];
  const erase = async (tables: readonly string[], { by = 'organization_id', and = '' } = {}) => {
    const deletions = tables.map(
      (table) => `${table} as (delete from ${table} where ${by} = :organizationId returning *)`,
    );
    const counts = tables.map((table) => `select '${table}' as table, count(*)::integer from ${table}`);
    const rows = await query<{ table: string; count: number }>(
      trx,
      `with ${deletions.join(', ')} ${and} ${counts.join(' union all ')}`,
      { organizationId },
    );
    erased.push(...rows.map(({ table, count }): [string, number] => [table, count]));
  };

  const keys = await query<{ id: string }>(trx, 'select id from api_keys where organization_id = :organizationId', {
    organizationId,
  });
  await erase(['api_keys'], {
    and: `, windows as (
            delete from rate_windows w using api_keys k where w.subject like 'key:' || k.id || ':%')`,
  });
  // Whoever waits or streams with one of them hears that it is gone.
  await query(trx, `select pg_notify('${apiKeysChannel}', id) from unnest(:ids::text[]) id`, {
    ids: keys.map(({ id }) => id),
  });
  await query(
    trx,
    `update jobs set status = 'canceled', stage = null, finished_at = now()
     where organization_id = :organizationId and status = 'running'`,
    { organizationId },
  );
  for (const tables of erasedTogether) await erase(tables);
  await erase(['organizations'], { by: 'id' });
  return Object.fromEntries(erased);
}
