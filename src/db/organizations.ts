import type { Environment } from '../domain/influencer.ts';
import type { Scope, Tier } from '../domain/scopes.ts';
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

export async function insertProject(
  trx: Trx,
  project: { organizationId: string; id: string; environment: Environment; name: string },
): Promise<void> {
  await query(
    trx,
    `insert into projects (organization_id, id, environment, name) values (:organizationId, :id, :environment, :name)`,
    project,
  );
}

export interface NewApiKey {
  organizationId: string;
  id: string;
  name: string;
  environment: Environment;
  lookup: string;
  secretSha256: Buffer;
  scopes: readonly Scope[];
}

export async function insertApiKey(trx: Trx, key: NewApiKey): Promise<void> {
  await query(
    trx,
    `insert into api_keys (organization_id, id, name, environment, lookup, secret_sha256, scopes)
     values (:organizationId, :id, :name, :environment, :lookup, :secretSha256, :scopes)`,
    { ...key, scopes: [...key.scopes] },
  );
}

/** Who calls: what a valid key stands for. */
export interface Principal {
  organizationId: string;
  apiKeyId: string;
  environment: Environment;
  scopes: Scope[];
  tier: Tier;
}

/** Finds a key by the part of it that is no secret, in all organizations: who calls is not known before. */
export async function findApiKey(
  trx: Trx,
  lookup: string,
): Promise<(Principal & { secretSha256: Buffer }) | undefined> {
  const rows = await query<Principal & { secretSha256: Buffer }>(
    trx,
    `select k.organization_id as "organizationId", k.id as "apiKeyId", k.environment, k.scopes, o.tier,
            k.secret_sha256 as "secretSha256"
     from api_keys k join organizations o on o.id = k.organization_id
     where k.lookup = :lookup`,
    { lookup },
  );
  return rows[0];
}
